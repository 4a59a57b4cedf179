package intake_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/incident"
)

func TestNumbersOfARestoredDatabase(t *testing.T) {
	w := newWorld(t)
	for n := range 5 {
		policy, _ := example().Policy("search")
		w.engine.Run(incident.New(incident.Opening{Number: fmt.Sprintf("INC-%d", n+1), Key: "other", Policy: policy, At: noon}))
	}
	out := take(t, w.Intake, alert("ErrorRate", "checkout"))
	require.Equal(t, "INC-6", out.Incidents[0].Number)
	require.Equal(t, []string{"INC-6"}, w.engine.Starts())
	w.settled(t)
	require.Equal(t, 5, value(t, w.registry, "tocsin_intake_renumbered_total"))
}

func TestNumberThatRunsForTheSameKeyIsSignalled(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	// The store forgets the incident, as an older backup does.
	w.store = intaketest.NewStore()
	w.restart(t)
	out := take(t, w.Intake, a, alert("ErrorRate", "checkout", "pod=two"))
	require.Equal(t, "INC-1", out.Incidents[0].Number)
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	require.Equal(t, 1, w.engine.Workflow("INC-1").Signals)
}

func TestGoneWorkflowFreesItsKey(t *testing.T) {
	for _, how := range []string{"finished", "deleted"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			a := alert("ErrorRate", "checkout")
			take(t, w.Intake, a)
			w.settled(t)
			if how == "finished" {
				w.engine.Finish("INC-1")
			} else {
				w.engine.Delete("INC-1")
			}
			out := take(t, w.Intake, alert("ErrorRate", "checkout", "pod=two"))
			require.Equal(t, "INC-2", out.Incidents[0].Number)
			require.Equal(t, []string{"INC-1", "INC-2"}, w.engine.Starts())
			require.Equal(t, 1, value(t, w.registry, "tocsin_intake_workflows_gone_total"))
			w.settled(t)
			take(t, w.Intake, alert("ErrorRate", "checkout", "pod=three"))
			require.Equal(t, 1, w.engine.Workflow("INC-2").Signals)
		})
	}
}

func TestSizeRefusalGoesOnceMoreWithoutAlerts(t *testing.T) {
	w := newWorld(t)
	w.engine.SetMaxAlerts(1)
	take(t, w.Intake, alert("ErrorRate", "checkout"), alert("ErrorRate", "checkout", "pod=two"))
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	require.Equal(t, 2, w.engine.Workflow("INC-1").Incident.Counts.More)
}

func TestLargeDeliveryIsCut(t *testing.T) {
	w := newWorld(t)
	var list []alerts.Alert
	for n := range 120 {
		a := alert("ErrorRate", "checkout", fmt.Sprintf("pod=%d", n), "noise="+strings.Repeat("x", 1000))
		a.Annotations["summary"] = strings.Repeat("é", 500)
		list = append(list, a)
	}
	take(t, w.Intake, list...)
	got := w.engine.Workflow("INC-1")
	require.Len(t, got.Told, 50)
	require.Equal(t, 70, got.Incident.Counts.More)
	require.Len(t, []rune(got.Incident.Title), 120)
	require.Less(t, len(got.Told[0].Labels["noise"]), 200)
	var ends []alerts.Alert
	for _, a := range list {
		ends = append(ends, resolved(a))
	}
	take(t, w.Intake, ends...)
	require.GreaterOrEqual(t, len(w.engine.Workflow("INC-1").Told), 100)
	require.False(t, w.engine.Workflow("INC-1").Incident.Firing())
}

func TestTruncatedAlertsAreCounted(t *testing.T) {
	w := newWorld(t)
	_, err := w.Take(t.Context(), alerts.Delivery{Alerts: []alerts.Alert{alert("ErrorRate", "checkout")}, Truncated: 7})
	require.NoError(t, err)
	require.Equal(t, 7, w.engine.Workflow("INC-1").Incident.Counts.More)
}
