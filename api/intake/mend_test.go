package intake_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// dying begins a process over the store and the engine that dies at a point.
func (w *world) dying(t *testing.T, at intaketest.Point) (*intake.Intake, *intaketest.Life) {
	life := intaketest.NewLife(at)
	return run(t, intake.Config{
		Store: intaketest.MortalStore{Store: w.store, Life: life}, Engine: intaketest.MortalEngine{Engine: w.engine, Life: life},
	}), life
}

// TestDeathBetweenTwoSteps kills the process at each step of a delivery that
// opens an incident and of one that tells it more; afterwards each of the ways
// of mending must leave one incident that knows every fact.
func TestDeathBetweenTwoSteps(t *testing.T) {
	menders := map[string]func(t *testing.T, w *world, retry func()){
		"the next delivery": func(_ *testing.T, _ *world, retry func()) { retry() },
		"the sweeper": func(t *testing.T, w *world, retry func()) {
			retry() // a sender that got no answer always comes again
			_, failed, err := w.Resend(t.Context(), noon.Add(time.Minute), 100)
			require.NoError(t, err)
			require.Zero(t, failed)
		},
		"the start of the next process": func(t *testing.T, w *world, retry func()) { w.restart(t); retry() },
	}
	for _, point := range intaketest.Points() {
		for name, mend := range menders {
			t.Run(fmt.Sprintf("%s, mended by %s", point, name), func(t *testing.T) {
				w := newWorld(t)
				first, second := alert("ErrorRate", "checkout"), alert("ErrorRate", "checkout", "pod=two")
				dying, life := w.dying(t, point)
				_, _ = dying.Take(context.Background(), deliver(first))
				_, _ = dying.Take(context.Background(), deliver(first, second))
				select {
				case <-life.Died():
				case <-time.After(5 * time.Second):
					require.Fail(t, "the process has not died")
				}
				mend(t, w, func() { take(t, w.Intake, first, second) })
				require.Eventually(t, func() bool { return w.store.Pending() == 0 }, 5*time.Second, time.Millisecond)
				require.Equal(t, []string{"INC-1"}, w.engine.Starts())
				require.Equal(t, 2, w.engine.Workflow("INC-1").Incident.Counts.Alerts)
				require.Equal(t, 2, w.engine.Workflow("INC-1").Incident.Counts.Firing)
			})
		}
	}
}

// TestSweeperAloneMendsAClaim is for a sender that never comes again.
func TestSweeperAloneMendsAClaim(t *testing.T) {
	for _, point := range []intaketest.Point{intaketest.AfterClaim, intaketest.BeforeStart, intaketest.AfterStart, intaketest.BeforeMark} {
		t.Run(string(point), func(t *testing.T) {
			w := newWorld(t)
			dying, life := w.dying(t, point)
			_, _ = dying.Take(context.Background(), deliver(alert("ErrorRate", "checkout")))
			<-life.Died()
			sent, failed, err := w.Resend(t.Context(), noon.Add(time.Minute), 100)
			require.NoError(t, err)
			require.Equal(t, 1, sent)
			require.Zero(t, failed)
			w.settled(t)
			require.Equal(t, []string{"INC-1"}, w.engine.Starts())
			sent, _, err = w.Resend(t.Context(), noon.Add(time.Minute), 100)
			require.NoError(t, err)
			require.Zero(t, sent)
		})
	}
}

func TestResendOfWhatIsGoneOpensAnother(t *testing.T) {
	w := newWorld(t)
	take(t, w.Intake, alert("ErrorRate", "checkout"))
	w.settled(t)
	dying, life := w.dying(t, intaketest.BeforeSignal)
	_, _ = dying.Take(context.Background(), deliver(alert("ErrorRate", "checkout", "pod=two")))
	<-life.Died()
	w.engine.Delete("INC-1")
	_, failed, err := w.Resend(t.Context(), noon.Add(time.Minute), 100)
	require.NoError(t, err)
	require.Zero(t, failed)
	w.settled(t)
	require.Equal(t, []string{"INC-1", "INC-2"}, w.engine.Starts())
}

func TestResendWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	w.store.SetAway(true)
	_, _, err := w.Resend(t.Context(), noon, 10)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestInspect(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	w.settled(t)
	gone, err := w.Inspect(t.Context(), "INC-1")
	require.NoError(t, err)
	require.False(t, gone)

	w.engine.Delete("INC-1")
	gone, err = w.Inspect(t.Context(), "INC-1")
	require.NoError(t, err)
	require.True(t, gone)
	require.Equal(t, "its workflow is gone", w.store.Gone("INC-1"))
	alarm := w.engine.Workflow("INC-2").Incident
	require.Equal(t, "unrouted", alarm.Service)
	require.Equal(t, catalog.Urgent, alarm.Urgency)
	require.Contains(t, alarm.Title, "INC-1 was open")

	out := take(t, w.Intake, a)
	require.Equal(t, "INC-3", out.Incidents[0].Number, "the key is free")
}

func TestInspectLeavesWhatWasNeverStartedToTheSweeper(t *testing.T) {
	w := newWorld(t)
	w.engine.SetAway(true)
	_, err := w.Take(t.Context(), deliver(alert("ErrorRate", "checkout")))
	require.Error(t, err)
	_, err = w.Inspect(t.Context(), "INC-1")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	w.engine.SetAway(false)
	gone, err := w.Inspect(t.Context(), "INC-1")
	require.NoError(t, err)
	require.False(t, gone)
}

func TestReportStuckPagesOnce(t *testing.T) {
	w := newWorld(t)
	for range 3 {
		require.NoError(t, w.ReportStuck(t.Context(), []string{"INC-9"}))
	}
	require.NoError(t, w.ReportStuck(t.Context(), []string{"INC-8", "INC-9"}))
	require.Equal(t, []string{"INC-1"}, w.engine.Starts(), "one incident for all that are stuck")
	own := w.engine.Workflow("INC-1")
	require.Contains(t, own.Incident.Title, "INC-9 is stuck")
	require.Equal(t, "tocsin", own.Incident.Origin)
	require.Len(t, own.Told, 2)
}

func TestDeclare(t *testing.T) {
	w := newWorld(t)
	d := intake.Declaration{
		ID: "request-1", Title: " Customers report failing payments ", Service: "checkout", Severity: catalog.SEV1,
		Impact: incident.Impact{Scope: catalog.External}, By: incident.Person("alice"), Via: "cli",
	}
	out, err := w.Declare(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, intake.Placed{Number: "INC-1", Service: "checkout", New: true}, out)
	inc := w.engine.Workflow("INC-1").Incident
	require.Equal(t, "Customers report failing payments", inc.Title)
	require.Equal(t, catalog.SEV1, inc.Highest)
	require.Equal(t, "cli", inc.Origin)
	require.Equal(t, catalog.External, inc.Impact.Scope)
	require.Len(t, inc.Runbooks, 1, "no alert says which of the service's fit: all are offered")
	require.Equal(t, "rollback", inc.Runbooks[0].Name)

	again, err := w.Declare(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, "INC-1", again.Number)
	require.False(t, again.New)
	require.Equal(t, []string{"INC-1"}, w.engine.Starts())
}

func TestDeclareRefusesWhatTheCatalogDoesNotHave(t *testing.T) {
	w := newWorld(t)
	good := intake.Declaration{ID: "1", Title: "Payments fail", Service: "checkout"}
	for name, change := range map[string]func(*intake.Declaration){
		"title":    func(d *intake.Declaration) { d.Title = " " },
		"id":       func(d *intake.Declaration) { d.ID = "" },
		"service":  func(d *intake.Declaration) { d.Service = "nothing" },
		"severity": func(d *intake.Declaration) { d.Severity = "SEV9" },
	} {
		d := good
		change(&d)
		_, err := w.Declare(t.Context(), d)
		require.Equal(t, incident.Invalid, incident.KindOf(err), name)
		require.ErrorContains(t, err, name)
	}
}

func TestDeclareWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	w.ready(t)
	d := intake.Declaration{ID: "1", Title: "Payments fail", Service: "checkout", Severity: catalog.SEV3, By: incident.Person("alice")}
	first, err := w.Declare(t.Context(), d)
	require.NoError(t, err)
	require.Regexp(t, `^INC-x`, first.Number)
	second, err := w.Declare(t.Context(), d)
	require.NoError(t, err)
	require.Equal(t, first.Number, second.Number)
	require.Equal(t, 1, count(w.engine.Starts(), first.Number))
}

func TestDeclareDoesNotTakeAnotherIncidentsNumber(t *testing.T) {
	w := newWorld(t)
	policy, _ := example().Policy("checkout")
	w.engine.Run(incident.New(incident.Opening{Number: "INC-1", Policy: policy, At: noon}))
	out, err := w.Declare(t.Context(), intake.Declaration{ID: "1", Title: "Payments fail", Service: "checkout", Severity: catalog.SEV3})
	require.NoError(t, err)
	require.Equal(t, "INC-2", out.Number)
}

func BenchmarkTake(b *testing.B) {
	calm := example()
	calm.Settings.Storm.NewKeysPerMinute = 1 << 30
	w := run(b, intake.Config{Store: intaketest.NewStore(), Engine: intaketest.NewEngine(), Catalogs: fixed{calm}})
	for name, key := range map[string]func(n int) string{
		"distinct": func(n int) string { return fmt.Sprint(n) },
		"one key":  func(int) string { return "same" },
	} {
		b.Run(name, func(b *testing.B) {
			next := make(chan int, 1)
			next <- 0
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					n := <-next
					next <- n + 1
					a := alert("ErrorRate"+key(n), "nobody-"+key(n), fmt.Sprintf("pod=%d", n))
					if _, err := w.Take(context.Background(), deliver(a)); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
