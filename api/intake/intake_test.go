package intake_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func TestDeliveriesOfOneAlert(t *testing.T) {
	a := alert("ErrorRate", "checkout")
	b := alert("ErrorRate", "checkout", "pod=two")
	unsaid := a
	unsaid.StartsAt = time.Time{}
	for _, test := range []struct {
		name       string
		deliveries [][]alerts.Alert
		starts     int
		told       []string
	}{
		{"one", [][]alerts.Alert{{a}}, 1, []string{"firing"}},
		{"a repeat changes nothing", [][]alerts.Alert{{a}, {a}, {a}}, 1, []string{"firing"}},
		{"a copy in the same delivery", [][]alerts.Alert{{a, a}}, 1, []string{"firing"}},
		{"another alert of the key is a signal", [][]alerts.Alert{{a}, {a, b}}, 1, []string{"firing", "firing"}},
		{"it resolves", [][]alerts.Alert{{a}, {resolved(a)}}, 1, []string{"firing", "resolved"}},
		{"resolved before firing opens nothing", [][]alerts.Alert{{resolved(a)}, {a}}, 0, nil},
		{"resolved before firing, then it fires again", [][]alerts.Alert{{resolved(a)}, {again(a, time.Second)}}, 1, []string{"firing"}},
		{"a late copy of the firing one is ignored", [][]alerts.Alert{{a}, {resolved(a)}, {a}}, 1, []string{"firing", "resolved"}},
		{"it fires again", [][]alerts.Alert{{a}, {resolved(a)}, {again(a, time.Second)}}, 1, []string{"firing", "resolved", "firing"}},
		{"an older start is ignored", [][]alerts.Alert{{again(a, time.Second)}, {a}}, 1, []string{"firing"}},
		{"the source does not say since when", [][]alerts.Alert{{unsaid}, {unsaid}, {resolved(unsaid)}, {unsaid}}, 1, []string{"firing", "resolved", "firing"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			for _, list := range test.deliveries {
				take(t, w.Intake, list...)
				w.settled(t)
			}
			require.Len(t, w.engine.Starts(), test.starts)
			var told []string
			for _, a := range w.engine.Workflow("INC-1").Told {
				told = append(told, string(a.Status))
				require.False(t, a.StartsAt.IsZero())
			}
			require.Equal(t, test.told, told)
		})
	}
}

func TestOpeningCarriesWhatTheCatalogSays(t *testing.T) {
	w := newWorld(t)
	out := take(t, w.Intake, alert("Latency", "checkout", "severity=warning"), alert("ErrorRate", "checkout"), alert("Deploys", "checkout", "severity=info"))
	require.Equal(t, 3, out.Alerts)
	require.Equal(t, 1, out.NotPaged)
	require.Len(t, out.Incidents, 2)
	require.Equal(t, "checkout", out.Incidents[1].Service)
	require.True(t, out.Incidents[1].New)
	grave := w.engine.Workflow(out.Incidents[1].Number).Incident
	require.Equal(t, "ErrorRate of checkout", grave.Title)
	require.Equal(t, catalog.Urgent, grave.Urgency)
	require.Equal(t, catalog.SEV2, grave.Severity)
	require.True(t, grave.Provisional)
	require.Equal(t, "payments", grave.Team)
	require.Equal(t, []incident.RunbookOffered{{Name: "rollback", About: "what rollback does", Params: map[string]string{"target": "checkout"}}}, grave.Runbooks)
	mild := w.engine.Workflow(out.Incidents[0].Number).Incident
	require.Equal(t, catalog.Ordinary, mild.Urgency)
	require.Equal(t, catalog.SEV4, mild.Severity)
}

func TestUnroutableGoesToTheCatchAll(t *testing.T) {
	w := newWorld(t)
	out := take(t, w.Intake, alert("DiskFull", "nobody-knows"))
	require.Equal(t, "unrouted", out.Incidents[0].Service)
	require.Equal(t, "unrouted", w.engine.Workflow(out.Incidents[0].Number).Incident.Service)
}

func TestNothingToPageIsAnswered(t *testing.T) {
	w := newWorld(t)
	out := take(t, w.Intake, alert("Deploys", "checkout", "severity=info"))
	require.Equal(t, intake.Receipt{Alerts: 1, NotPaged: 1, Incidents: []intake.Placed{}}, out)
	require.Empty(t, w.engine.Starts())
}

func TestWhatDoesNotPageIsRecorded(t *testing.T) {
	w := newWorld(t)
	quiet := alert("Deploys", "checkout", "severity=info")
	take(t, w.Intake, quiet, alert("ErrorRate", "checkout"))
	require.Equal(t, []string{quiet.Fingerprint}, w.store.Noted())
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	w.ready(t)
	out := take(t, w.Intake, quiet)
	require.Equal(t, 1, out.NotPaged, "a store that is away holds nothing up")
}

func TestCopiesOfTwoSendersAtOnce(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	numbers := make(chan string, 50)
	for range cap(numbers) {
		go func() {
			out, err := w.Take(context.Background(), deliver(a))
			if err != nil {
				numbers <- err.Error()
				return
			}
			numbers <- out.Incidents[0].Number
		}()
	}
	for range cap(numbers) {
		require.Equal(t, "INC-1", <-numbers)
	}
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	require.Len(t, w.engine.Workflow("INC-1").Told, 1)
	require.Zero(t, w.engine.Workflow("INC-1").Signals)
}

// distant is a store that takes a moment to claim, as a database does.
type distant struct{ intake.Store }

func (d distant) Claim(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	<-time.After(time.Millisecond)
	return d.Store.Claim(ctx, claims)
}

func TestCrowdSharesTransactionsAndSignals(t *testing.T) {
	w := newWorld(t)
	w.Intake = run(t, intake.Config{Store: distant{w.store}, Engine: w.engine})
	const crowd = 400
	done := make(chan error, crowd)
	for n := range crowd {
		go func() {
			_, err := w.Take(context.Background(), deliver(alert("ErrorRate", "checkout", fmt.Sprintf("pod=%d", n))))
			done <- err
		}()
	}
	for range crowd {
		require.NoError(t, <-done)
	}
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	require.Less(t, w.store.Claims(), crowd/2)
	require.Less(t, w.engine.Workflow("INC-1").Signals, crowd/2)
	require.Equal(t, 50, w.engine.Workflow("INC-1").Incident.Counts.Firing)
	require.Positive(t, w.engine.Workflow("INC-1").Incident.Counts.More)
}

func TestACountAloneIsTold(t *testing.T) {
	w := newWorld(t)
	fire := func(from, to int) {
		var list []alerts.Alert
		for n := range to - from {
			list = append(list, alert("ErrorRate", "checkout", fmt.Sprintf("pod=%d", from+n)))
		}
		take(t, w.Intake, list...)
	}
	fire(0, 50)
	fire(50, 80)
	counts := w.engine.Workflow("INC-1").Incident.Counts
	require.Equal(t, []int{50, 30}, []int{counts.Firing, counts.More}, "or the incident would take it for cleared too early")
}

func TestStormJoinsOneIncident(t *testing.T) {
	w := newWorld(t)
	for n := range 10 {
		take(t, w.Intake, alert(fmt.Sprintf("Rule%d", n), "checkout"))
	}
	require.Len(t, w.engine.Starts(), 4)
	storm := w.engine.Workflow("INC-4").Incident
	require.True(t, storm.Storm)
	require.Equal(t, "Alert storm on Checkout", storm.Title)
	require.Len(t, w.engine.Workflow("INC-4").Told, 7)
	take(t, w.Intake, alert("Rule0", "search"))
	require.Len(t, w.engine.Starts(), 5)
}

func TestRecurrenceIsANewIncident(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	require.NoError(t, w.store.Release(t.Context(), "INC-1", "over"))
	out := take(t, w.Intake, again(a, time.Second))
	require.Equal(t, "INC-2", out.Incidents[0].Number)
	require.Equal(t, "INC-1", w.engine.Workflow("INC-2").Incident.Recurs)
}

func TestEngineAwayIsUnavailableAndNothingIsLost(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	w.engine.SetAway(true)
	_, err := w.Take(t.Context(), deliver(a))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.Equal(t, 1, w.store.Pending())
	w.engine.SetAway(false)
	take(t, w.Intake, a)
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	w.settled(t)
}

func TestWithoutACatalogItIsUnavailable(t *testing.T) {
	i := intake.New(intake.Config{Store: intaketest.NewStore(), Engine: intaketest.NewEngine(), Catalogs: fixed{}})
	_, err := i.Take(t.Context(), deliver(alert("ErrorRate", "checkout")))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.NoError(t, i.Close(t.Context()))
}

func TestClosedTakesNothing(t *testing.T) {
	w := newWorld(t)
	take(t, w.Intake, alert("ErrorRate", "checkout"))
	require.NoError(t, w.Close(t.Context()))
	require.Zero(t, w.store.Pending(), "what was accepted is marked before Close returns")
	_, err := w.Take(t.Context(), deliver(alert("ErrorRate", "checkout")))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestSenderThatHangsUpIsTakenAllTheSame(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.Take(ctx, deliver(alert("ErrorRate", "checkout")))
	require.NoError(t, err)
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
}

// value reads a counter, summed over its labels.
func value(t testing.TB, registry *prometheus.Registry, name string) int {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, m := range family.GetMetric() {
			sum += m.GetCounter().GetValue()
		}
	}
	return int(sum)
}

func TestMetricsCount(t *testing.T) {
	w := newWorld(t)
	take(t, w.Intake, alert("ErrorRate", "checkout"))
	for _, name := range []string{"deliveries", "alerts", "claims", "starts"} {
		require.Equal(t, 1, value(t, w.registry, "tocsin_intake_"+name+"_total"), name)
	}
}

func TestAGreatDeliveryIsClaimedInParts(t *testing.T) {
	w := newWorld(t)
	var list []alerts.Alert
	for n := range 1_200 {
		list = append(list, alert("ErrorRate", "checkout", fmt.Sprintf("pod=%d", n)))
	}
	got := take(t, w.Intake, list...)
	require.Len(t, got.Incidents, 1)
	require.True(t, got.Incidents[0].New)
	require.Equal(t, 3, w.store.Claims(), "no transaction is over all of it")
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
	counts := w.engine.Workflow("INC-1").Incident.Counts
	require.Equal(t, 50, counts.Firing)
	require.Greater(t, counts.More, 500, "told as a power of two is passed")
}
