package catalog_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

func example(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Load(os.DirFS("../deployments/catalog"))
	require.NoError(tb, err)
	return c
}

func TestExampleIsValidAndComplete(t *testing.T) {
	c := example(t)
	require.Len(t, c.Teams, 3)
	require.Len(t, c.People, 8)
	require.Len(t, c.Severities, 5)
	require.Len(t, c.LastResort, 2)
	for _, p := range c.People {
		require.NotEmpty(t, c.Contacts(p.ID, catalog.Urgent), p.ID)
		require.NotEmpty(t, c.Contacts(p.ID, catalog.Ordinary), p.ID)
	}
	for _, level := range []catalog.Level{catalog.SEV1, catalog.SEV2} {
		s, ok := c.Severity(level)
		require.True(t, ok)
		require.True(t, s.Response.Commander.Required, level)
		require.True(t, s.Response.Closing.Collected, level)
		require.True(t, s.Response.Closing.Fix, level)
	}
}

func TestExampleRoutesAnAlertOfPayments(t *testing.T) {
	c := example(t)
	got := c.Route(alerts.Alert{
		Labels: map[string]string{"alertname": "PaymentsErrorRatioHigh", "service": "payments", "severity": "critical"},
		Group:  map[string]string{"alertname": "PaymentsErrorRatioHigh"},
	}, noon)
	require.Equal(t, catalog.Routed{
		Service: "payments", Team: "payments",
		Key:     `alertname="PaymentsErrorRatioHigh"`,
		Group:   map[string]string{"alertname": "PaymentsErrorRatioHigh"},
		Urgency: catalog.Urgent, Severity: catalog.SEV2,
	}, got)
	runbooks := c.RunbooksFor("payments", map[string]string{"alertname": "PaymentsErrorRatioHigh"})
	require.Len(t, runbooks, 2)
	require.Equal(t, &catalog.Auto{}, runbooks[1].Auto, "the diagnostic starts by itself")
	require.Equal(t, map[string]string{
		"target": "payments", "check": `shop_http_error_ratio{service="payments"}`, "below": "0.05",
	}, runbooks[0].Params)
	require.Len(t, c.RunbooksFor("checkout", map[string]string{"alertname": "CheckoutErrorRatioHigh"}), 1)
	require.Empty(t, c.RunbooksFor("checkout", map[string]string{"alertname": "DiskFull"}))
}

func TestExampleHasSomebodyOnCallAtAllTimes(t *testing.T) {
	c := example(t)
	for at := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC); at.Year() < 2028; at = at.Add(11 * time.Hour) {
		for _, p := range c.Escalations {
			for _, level := range p.Levels {
				for _, target := range level.Targets {
					require.NotEmpty(t, c.OnCall(target, at), "%s %v at %s", p.ID, target, at)
				}
			}
		}
	}
}

// The example shows a schedule that follows the sun, and who comes next in it.
func TestExampleFollowsTheSun(t *testing.T) {
	c := example(t)
	on := func(target, at string) string {
		moment, err := time.Parse(time.RFC3339, at)
		require.NoError(t, err)
		duties := c.OnCall(oncall.Target{Schedule: target}, moment)
		require.Len(t, duties, 1)
		return duties[0].Person
	}
	for at, want := range map[string][2]string{
		"2026-01-14T12:00:00-05:00": {"dave", "erin"},
		"2026-01-14T09:59:00-05:00": {"erin", "dave"},
		"2026-01-14T08:00:00+08:00": {"grace", "frank"},
		"2026-01-14T07:59:00+08:00": {"erin", "dave"},
		"2026-01-14T20:00:00+08:00": {"erin", "dave"},
	} {
		require.Equal(t, want, [2]string{on("storefront/primary", at), on("storefront/secondary", at)}, at)
	}
}

func TestExampleBranchesByOfficeHours(t *testing.T) {
	c := example(t)
	office, ok := c.Clock("office")
	require.True(t, ok)
	require.True(t, office.Holds(time.Date(2026, 12, 24, 10, 0, 0, 0, time.UTC)))
	require.False(t, office.Holds(time.Date(2026, 12, 25, 10, 0, 0, 0, time.UTC)))
	p, ok := c.Policy("platform")
	require.True(t, ok)
	require.Equal(t, "office", p.Escalation.Levels[1].During)
	require.Equal(t, "office", p.Escalation.Levels[2].Outside)
}
