package intake_test

import (
	"cmp"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

type fixed struct{ *catalog.Catalog }

func (f fixed) Current(context.Context) (*catalog.Catalog, error) {
	if f.Catalog == nil {
		return nil, incident.Errorf(incident.Unavailable, "nothing was applied")
	}
	return f.Catalog, nil
}

func example() *catalog.Catalog {
	return &catalog.Catalog{
		Settings: catalog.Settings{
			CatchAll: "unrouted", Storm: catalog.Storm{NewKeysPerMinute: 3},
			AlertSeverities: map[string]catalog.AlertSeverity{
				"critical": {Urgency: catalog.Urgent, Severity: catalog.SEV2},
				"warning":  {Urgency: catalog.Ordinary, Severity: catalog.SEV4},
				"info":     {Urgency: catalog.NotPaged, Severity: catalog.SEV5},
			},
		},
		Severities: []catalog.Severity{
			{Level: catalog.SEV1, Urgency: catalog.Urgent},
			{Level: catalog.SEV2, Urgency: catalog.Urgent},
			{Level: catalog.SEV3, Urgency: catalog.Urgent},
			{Level: catalog.SEV4, Urgency: catalog.Ordinary},
		},
		Teams: []catalog.Team{{ID: "payments"}, {ID: "platform"}},
		Services: []catalog.Service{
			{ID: "checkout", Name: "Checkout", Team: "payments", Match: []string{`service="checkout"`}, Runbooks: []catalog.RunbookUse{
				{Name: "rollback", Match: []string{`alertname="ErrorRate"`}, Params: map[string]string{"target": "checkout"}},
			}},
			{ID: "search", Name: "Search", Team: "platform", Match: []string{`service="search"`}},
			{ID: "unrouted", Name: "Unrouted", Team: "platform"},
		},
	}
}

// world is an intake between a store and an engine in memory.
type world struct {
	store    *intaketest.Store
	engine   *intaketest.Engine
	registry *prometheus.Registry
	*intake.Intake
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{store: intaketest.NewStore(), engine: intaketest.NewEngine()}
	w.restart(t)
	return w
}

// restart begins another process over the same store and engine.
func (w *world) restart(t testing.TB) {
	t.Helper()
	w.registry = prometheus.NewRegistry()
	w.Intake = run(t, intake.Config{Store: w.store, Engine: w.engine, Metrics: w.registry, Runbook: about})
}

func about(name string) (spec.Spec, bool) {
	return spec.Spec{Name: name, About: "what " + name + " does", Target: "a target"}, true
}

func run(t testing.TB, c intake.Config) *intake.Intake {
	t.Helper()
	if c.Catalogs == nil {
		c.Catalogs = fixed{example()}
	}
	if c.Now == nil {
		c.Now = func() time.Time { return noon }
	}
	c.Limits.Moment = time.Millisecond
	// Only a test that means it should find the store too slow.
	c.Limits.StorePatience = cmp.Or(c.Limits.StorePatience, 10*time.Second)
	i := intake.New(c)
	t.Cleanup(func() { require.NoError(t, i.Close(context.Background())) })
	return i
}

func alert(name, service string, more ...string) alerts.Alert {
	labels := map[string]string{"alertname": name, "service": service, "severity": "critical"}
	for _, pair := range more {
		label, value, _ := strings.Cut(pair, "=")
		labels[label] = value
	}
	return alerts.Alert{
		Source: alerts.SourceAlertmanager, Status: alerts.Firing, Labels: labels, StartsAt: noon.Add(-time.Minute),
		Annotations: map[string]string{"summary": name + " of " + service}, Fingerprint: alerts.Fingerprint(labels),
	}
}

func resolved(a alerts.Alert) alerts.Alert {
	a.Status, a.EndsAt = alerts.Resolved, noon
	return a
}

func again(a alerts.Alert, later time.Duration) alerts.Alert {
	a.StartsAt = a.StartsAt.Add(later)
	return a
}

func deliver(list ...alerts.Alert) alerts.Delivery { return alerts.Delivery{Alerts: list} }

func take(t testing.TB, i *intake.Intake, list ...alerts.Alert) intake.Receipt {
	t.Helper()
	out, err := i.Take(t.Context(), deliver(list...))
	require.NoError(t, err)
	return out
}

// settled waits until everything that was accepted is marked.
func (w *world) settled(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool { return w.store.Pending() == 0 }, 5*time.Second, time.Millisecond)
}
