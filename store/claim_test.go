package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/store"
)

// firing is a delivery of one alert whose name is the key.
func firing(name string) store.Claim {
	labels := map[string]string{"alertname": name}
	key := map[string]string{"alertname": name}
	return store.Claim{
		Service: "checkout", Team: "payments", Key: alerts.Key(key), Title: name, At: noon(),
		Alerts: []alerts.Alert{{
			Source: "alertmanager", Status: alerts.Firing, Labels: labels, StartsAt: noon(),
			Fingerprint: alerts.Fingerprint(labels),
		}},
	}
}

// host is an alert about one host, of one key with those about other hosts.
func host(name string, status alerts.Status, starts time.Time) alerts.Alert {
	labels := map[string]string{"alertname": "Errors", "host": name}
	return alerts.Alert{
		Source: "alertmanager", Status: status, Labels: labels, StartsAt: starts, Fingerprint: alerts.Fingerprint(labels),
	}
}

func hosts(list ...alerts.Alert) store.Claim {
	c := firing("Errors")
	c.Alerts = list
	return c
}

func claim(t testing.TB, s *store.Store, c store.Claim) store.Claimed {
	t.Helper()
	out, err := s.Claim(context.Background(), []store.Claim{c})
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0]
}

func openKeys(t testing.TB, s *store.Store) []store.OpenKey {
	t.Helper()
	keys, err := s.OpenKeys(context.Background())
	require.NoError(t, err)
	return keys
}

func many(n int, status alerts.Status) []alerts.Alert {
	out := make([]alerts.Alert, n)
	for i := range out {
		out[i] = host(fmt.Sprintf("web-%d", i), status, noon())
	}
	return out
}
