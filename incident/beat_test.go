package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

func TestBeatNumber(t *testing.T) {
	at := time.Date(2026, 11, 22, 18, 47, 0, 999, time.FixedZone("CET", 3600))
	number := incident.BeatNumber(at)
	require.Equal(t, "WD-1795369620", number)
	back, ok := incident.BeatTime(number)
	require.True(t, ok)
	require.Equal(t, at.UTC().Truncate(time.Second), back)
	for _, other := range []string{"", "WD-", "WD-x", "INC-7", "WD-007", "WD-1 ", "WD-+7", "WD-99999999999999999999"} {
		require.False(t, incident.IsBeat(other), other)
	}
}
