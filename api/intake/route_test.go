package intake_test

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
)

// routed is a world whose catalog has routes.
func routed(t *testing.T, routes ...catalog.Route) *world {
	t.Helper()
	w := &world{store: intaketest.NewStore(), engine: intaketest.NewEngine(), registry: prometheus.NewRegistry()}
	c := example()
	c.Routes = routes
	w.Intake = run(t, intake.Config{Store: w.store, Engine: w.engine, Metrics: w.registry, Catalogs: fixed{c}, Runbook: about})
	return w
}

func pageNobody() *bool { return new(bool) }

func TestARouteThatPagesNobodyIsRecorded(t *testing.T) {
	w := routed(t, catalog.Route{Name: "test", When: `labels.env == "test"`, Page: pageNobody()})
	quiet := alert("ErrorRate", "checkout", "env=test")
	out := take(t, w.Intake, quiet)
	require.Equal(t, 1, out.NotPaged)
	require.Empty(t, w.engine.Starts())
	require.Equal(t, []string{quiet.Fingerprint}, w.store.Noted())
	take(t, w.Intake, resolved(quiet))
	require.Empty(t, w.engine.Starts())
}

// A route that looks at the clock may have become quiet since an alert fired:
// its incident hears of the end all the same.
func TestTheEndOfAnAlertIsHeardWhateverTheRoute(t *testing.T) {
	w := routed(t, catalog.Route{Name: "ends", When: `status == "resolved"`, Page: pageNobody()})
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	take(t, w.Intake, resolved(a))
	w.settled(t)
	told := w.engine.Workflow("INC-1").Told
	require.Equal(t, alerts.Resolved, told[len(told)-1].Status)
}

func TestARouteDecidesHowAnIncidentPages(t *testing.T) {
	w := routed(
		t,
		catalog.Route{Name: "slow", When: `labels.kind == "disk"`, Hold: new(5 * time.Minute), Continue: true},
		catalog.Route{Name: "calm", When: `labels.kind == "disk"`, Urgency: catalog.Ordinary, Severity: catalog.SEV4, Service: "search"},
	)
	out := take(t, w.Intake, alert("DiskFull", "checkout", "kind=disk"))
	require.Equal(t, "search", out.Incidents[0].Service)
	started := w.engine.Workflow("INC-1")
	require.Equal(t, catalog.Ordinary, started.Incident.Urgency)
	require.Equal(t, catalog.SEV4, started.Incident.Severity)
	require.Equal(t, 5*time.Minute, started.Incident.Policy.Hold)
	require.Equal(t, "ordinary", started.Told[0].Urgency, "what comes later is judged by the route as well")
	require.Equal(t, "SEV4", started.Told[0].Severity)
}

func TestTheShortestHoldCounts(t *testing.T) {
	w := routed(t, catalog.Route{Name: "slow", When: `labels.kind == "disk"`, Hold: new(5 * time.Minute)})
	out := take(t, w.Intake, alert("DiskFull", "checkout", "kind=disk"), alert("DiskFull", "checkout"))
	require.Len(t, out.Incidents, 1)
	require.Zero(t, w.engine.Workflow("INC-1").Incident.Policy.Hold)
}

func TestARouteThatCannotSayIsCounted(t *testing.T) {
	w := routed(t, catalog.Route{Name: "numbers", When: `int(labels.used) > 90`, Page: pageNobody()})
	take(t, w.Intake, alert("DiskFull", "checkout"))
	require.Equal(t, []string{"INC-1"}, w.engine.Starts(), "it pages")
	require.Equal(t, 1, value(t, w.registry, "tocsin_intake_routes_unsure_total"))
}
