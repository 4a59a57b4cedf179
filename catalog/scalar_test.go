package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
)

func TestDurationsAreSpeltAsPeopleWriteThem(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "5m": 5 * time.Minute, "1m30s": 90 * time.Second, "24h": 24 * time.Hour, "1h30m": 90 * time.Minute,
		"10h": 10 * time.Hour, "3d": 72 * time.Hour, "73h": 73 * time.Hour, "250ms": 250 * time.Millisecond,
	} {
		require.Equal(t, want, catalog.FormatDuration(d))
	}
}
