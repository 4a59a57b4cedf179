package acklink_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident/acklink"
)

func TestALinkNamesManyIncidents(t *testing.T) {
	var thousand []string
	for n := range 1000 {
		thousand = append(thousand, fmt.Sprintf("INC-%d", 8000+n))
	}
	for name, numbers := range map[string][]string{
		"none":                        nil,
		"one":                         {"INC-7"},
		"some, spread":                {"INC-1", "INC-2", "INC-3", "INC-7", "INC-9", "INC-10"},
		"opened without the database": {"INC-xa1b2", "INC-5"},
		"a thousand in a row":         thousand,
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, numbers, acklink.Fitting(numbers))
			c := claims
			c.Also = numbers
			token := signer.Sign(c, now)
			require.Less(t, len(token), 900)
			got, err := signer.Verify(token, now)
			require.NoError(t, err)
			require.ElementsMatch(t, numbers, got.Also)
		})
	}
}

func TestALinkTakesNoMoreThanItCanCarry(t *testing.T) {
	var spread []string
	for n := range 1000 {
		spread = append(spread, fmt.Sprintf("INC-%d", 3*n))
	}
	fit := acklink.Fitting(spread)
	require.NotEmpty(t, fit)
	require.Less(t, len(fit), len(spread))
	require.Equal(t, spread[:len(fit)], fit)
}
