package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func TestNoiseReport(t *testing.T) {
	w := newWorld(t)
	i := sample("INC-9")
	i.Alerts = []incident.AlertState{{Fact: alerts.Fact{Fingerprint: "f", Status: alerts.Firing, StartsAt: night}, Name: "Errors"}}
	i.Flapped = true
	i.Feedback = incident.Given{By: "alice", Reason: "nothing to do", At: night}
	w.store.Put(i)
	midnight := time.Date(2026, 3, 1, 23, 30, 0, 0, time.UTC)
	w.store.PutPage(store.Page{Incident: "INC-9", Page: incident.Page{Key: "p", Person: "alice", State: incident.PageSent, Due: midnight, Sent: midnight}})

	span := "?from=" + night.Add(-time.Hour).Format(time.RFC3339) + "&until=" + night.Add(time.Hour).Format(time.RFC3339)
	var got incident.NoiseReport
	w.do("alice", "GET", "/v1/reports/noise"+span, "").want(200, &got)
	require.Equal(t, night.Add(-time.Hour), got.From)
	require.Equal(t, []incident.NoisyRule{
		{Rule: "Errors", Service: "checkout", Incidents: 1, Pages: 1, Night: 1, NotActionable: 1, Flapping: 1, Score: 3},
	}, got.Rules)

	w.do("alice", "GET", "/v1/reports/noise?until="+night.Add(-24*time.Hour).Format(time.RFC3339), "").want(200, &got)
	require.Equal(t, 7*24*time.Hour, got.Until.Sub(got.From), "a week unless said otherwise")
	require.Empty(t, got.Rules)

	w.do("alice", "GET", "/v1/reports/noise?from=2026-01-01T00:00:00Z&until=2025-01-01T00:00:00Z", "").problem(400, "invalid")
	w.do("alice", "GET", "/v1/reports/noise?from=2025-01-01T00:00:00Z&until=2026-01-01T00:00:00Z", "").problem(400, "invalid")
	w.do("", "GET", "/v1/reports/noise", "").problem(401, "unauthenticated")
}
