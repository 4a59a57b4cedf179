package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
)

func TestDurationsAreSaidAsPeopleDo(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0 s": 0, "5 min": 5 * time.Minute, "1 min 30 s": 90 * time.Second, "24 h": 24 * time.Hour, "1 h 30 min": 90 * time.Minute,
		"10 h": 10 * time.Hour, "3 days": 72 * time.Hour, "73 h": 73 * time.Hour, "250 ms": 250 * time.Millisecond,
		"1 h 5 s": time.Hour + 5*time.Second, "-5 min": -5 * time.Minute,
	} {
		require.Equal(t, want, catalog.FormatDuration(d))
	}
}
