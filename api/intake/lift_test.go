package intake_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
)

// quiet is a world in which silences come and go, at a time that moves.
type quiet struct {
	*world
	t   *testing.T
	mu  sync.Mutex
	cat *catalog.Catalog
	now time.Time
}

func (q *quiet) Current(context.Context) (*catalog.Catalog, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cat, nil
}

func (q *quiet) moment() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.now
}

func newQuiet(t *testing.T, silences ...catalog.Silence) *quiet {
	t.Helper()
	q := &quiet{t: t, now: noon, cat: example(), world: &world{store: intaketest.NewStore(), engine: intaketest.NewEngine()}}
	q.silence(silences...)
	q.start()
	return q
}

// start begins a process over the same store and engine.
func (q *quiet) start() {
	q.t.Helper()
	q.registry = prometheus.NewRegistry()
	q.Intake = run(q.t, intake.Config{Store: q.store, Engine: q.engine, Metrics: q.registry, Catalogs: q, Now: q.moment})
}

// silence puts silences in force, and no others.
func (q *quiet) silence(list ...catalog.Silence) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range list {
		q.store.PutSilence(s)
	}
	q.cat = example().With(catalog.Overlay{Silences: list})
}

func (q *quiet) move(d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.now = q.now.Add(d)
}

func (q *quiet) lift(want int) {
	q.t.Helper()
	n, err := q.Lift(q.t.Context(), 100)
	require.NoError(q.t, err)
	require.Equal(q.t, want, n)
}

func errorRates() catalog.Silence {
	return catalog.Silence{ID: "s-1", Matchers: []string{`alertname="ErrorRate"`}, From: noon, Until: noon.Add(time.Hour), Reason: "r", Owner: "ann"}
}

func TestWhatIsSilencedIsRecordedAndPagesNobody(t *testing.T) {
	q := newQuiet(t, errorRates())
	out := take(t, q.Intake, alert("ErrorRate", "checkout"), alert("Latency", "checkout"))
	require.Equal(t, 1, out.NotPaged)
	require.Len(t, q.engine.Starts(), 1, "the other one pages")
	q.lift(0)
	q.move(30 * time.Minute)
	take(t, q.Intake, alert("ErrorRate", "checkout"))
	require.Len(t, q.engine.Starts(), 1)
}

func TestWhatStillFiresPagesWhenTheSilenceEnds(t *testing.T) {
	ends := map[string]func(q *quiet){
		"expired": func(q *quiet) { q.move(2 * time.Hour) },
		"ended by hand": func(q *quiet) {
			s := errorRates()
			s.Ended = noon.Add(time.Minute)
			q.silence(s)
			q.move(2 * time.Minute)
		},
		"unknown by now": func(q *quiet) {
			q.store.PutSilence(catalog.Silence{ID: "s-1"})
			q.silence()
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			q := newQuiet(t, errorRates())
			gone := alert("ErrorRate", "checkout", "pod=gone")
			take(t, q.Intake, alert("ErrorRate", "checkout"), gone, alert("ErrorRate", "search"))
			take(t, q.Intake, resolved(gone))
			require.Empty(t, q.engine.Starts())
			end(q)
			q.lift(2)
			require.Len(t, q.engine.Starts(), 2)
			for _, number := range q.engine.Starts() {
				require.Len(t, q.engine.Workflow(number).Told, 1)
				require.Empty(t, q.engine.Workflow(number).Told[0].Suppressed)
			}
			q.lift(0)
		})
	}
}

func TestASilenceThatBeginsLaterLeavesOpenIncidentsAlone(t *testing.T) {
	q := newQuiet(t)
	a := alert("ErrorRate", "checkout")
	take(t, q.Intake, a)
	q.silence(errorRates())
	take(t, q.Intake, a)
	q.lift(0)
	take(t, q.Intake, resolved(a))
	q.settled(t)
	told := q.engine.Workflow("INC-1").Told
	require.Equal(t, alerts.Resolved, told[len(told)-1].Status, "its end is heard")

	refired := again(a, time.Minute)
	take(t, q.Intake, refired)
	q.settled(t)
	told = q.engine.Workflow("INC-1").Told
	require.Equal(t, "s-1", told[len(told)-1].Suppressed, "it is told as state")
	q.move(2 * time.Hour)
	q.lift(1)
	q.settled(t)
	told = q.engine.Workflow("INC-1").Told
	require.Equal(t, alerts.Firing, told[len(told)-1].Status)
	require.Empty(t, told[len(told)-1].Suppressed, "and pages when the silence is over")
	q.lift(0)
}

func TestAnotherSilenceKeepsItQuiet(t *testing.T) {
	second := errorRates()
	second.ID, second.Until = "s-2", noon.Add(4*time.Hour)
	q := newQuiet(t, errorRates())
	take(t, q.Intake, alert("ErrorRate", "checkout"))
	q.silence(errorRates(), second)
	q.move(2 * time.Hour)
	q.lift(1)
	require.Empty(t, q.engine.Starts())
	q.lift(0)
	q.move(3 * time.Hour)
	q.lift(1)
	require.Len(t, q.engine.Starts(), 1)
}

// Whatever happens between two steps, what still fires pages once.
func TestLiftSurvivesAnEngineThatIsAway(t *testing.T) {
	q := newQuiet(t, errorRates())
	take(t, q.Intake, alert("ErrorRate", "checkout"))
	q.move(2 * time.Hour)
	q.engine.SetAway(true)
	_, err := q.Lift(t.Context(), 100)
	require.Error(t, err)
	q.engine.SetAway(false)
	q.start()
	_, err = q.Lift(t.Context(), 100)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, _, err := q.Resend(t.Context(), q.moment().Add(time.Second), 10)
		return err == nil && len(q.engine.Starts()) == 1
	}, 5*time.Second, time.Millisecond)
	q.lift(0)
}

func TestASilenceThatCannotBeLiftedKeepsNoOther(t *testing.T) {
	latencies := errorRates()
	latencies.ID, latencies.Matchers = "s-2", []string{`alertname="Latency"`}
	q := newQuiet(t, errorRates(), latencies)
	take(t, q.Intake, alert("ErrorRate", "checkout"), alert("Latency", "checkout"))
	q.move(2 * time.Hour)
	q.engine.SetAway(true)
	_, err := q.Lift(t.Context(), 100)
	require.Error(t, err)
	q.engine.SetAway(false)
	require.Eventually(t, func() bool {
		_, _, err := q.Resend(t.Context(), q.moment().Add(time.Second), 10)
		return err == nil && len(q.engine.Starts()) == 2
	}, 5*time.Second, time.Millisecond, "both are wanted")
}

func TestWithTheStoreAwayASilencedAlertIsSentAgain(t *testing.T) {
	q := newQuiet(t, errorRates())
	q.ready(t)
	q.store.SetAway(true)
	before := len(q.engine.Starts())
	_, err := q.Take(t.Context(), deliver(alert("ErrorRate", "checkout")))
	require.ErrorContains(t, err, "send it again", "nobody else would remember that it fires")
	take(t, q.Intake, alert("Latency", "checkout"))
	require.Len(t, q.engine.Starts(), before+1)
}
