package intake_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// ready waits until the intake has read the store, and takes the store away.
func (w *world) ready(t testing.TB) {
	t.Helper()
	require.Eventually(t, func() bool { return w.store.Reads() > 0 }, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool {
		w.store.SetAway(true)
		_, err := w.Take(t.Context(), deliver(alert("Probe", "probe")))
		w.store.SetAway(err == nil)
		return err == nil
	}, 10*time.Second, 20*time.Millisecond)
}

// quick makes an intake that asks a store that failed again at once.
func (w *world) quick(t testing.TB, patience time.Duration) {
	t.Helper()
	w.Intake = run(t, intake.Config{
		Store: w.store, Engine: w.engine, Now: time.Now,
		Limits: intake.Limits{Away: time.Nanosecond, Refresh: 5 * time.Millisecond, StorePatience: patience},
	})
}

func TestDatabaseAwayKnownKeyIsSignalled(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	w.ready(t)
	second := alert("ErrorRate", "checkout", "pod=two")
	for range 3 {
		out := take(t, w.Intake, second)
		require.Equal(t, "INC-1", out.Incidents[0].Number)
	}
	require.Equal(t, 1, w.engine.Workflow("INC-1").Signals, "a repeat is recognised without the store")
	take(t, w.Intake, resolved(second))
	require.Equal(t, 2, w.engine.Workflow("INC-1").Signals)
}

func TestDatabaseAwayClaimThatWasNeverStartedKeepsItsNumber(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	w.store.SetAway(false)
	w.engine.SetAway(true)
	a := alert("ErrorRate", "checkout")
	_, err := w.Take(t.Context(), deliver(a))
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "it is claimed, and Temporal did not take it")
	w.engine.SetAway(false)
	w.store.SetAway(true)
	number := take(t, w.Intake, a).Incidents[0].Number
	require.Regexp(t, `^INC-\d+$`, number)
	require.Equal(t, 1, count(w.engine.Starts(), number))

	w.store.SetAway(false)
	before := len(w.engine.Starts())
	require.Equal(t, number, take(t, w.Intake, a).Incidents[0].Number)
	_, failed, err := w.Resend(t.Context(), time.Now().Add(time.Minute), 10)
	require.NoError(t, err)
	require.Zero(t, failed)
	require.Len(t, w.engine.Starts(), before, "nothing of it is opened again")
	w.settled(t)
}

func TestDatabaseAwayAnswerOfTheStartIsLost(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	w.engine.LoseAnswers(true)
	a := alert("ErrorRate", "checkout")
	_, err := w.Take(t.Context(), deliver(a))
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "nobody knows whether it was started")
	w.engine.LoseAnswers(false)
	before := w.engine.Starts()
	w.store.SetAway(false)
	number := take(t, w.Intake, a).Incidents[0].Number
	require.Equal(t, before[len(before)-1], number)
	require.Equal(t, before, w.engine.Starts(), "it was, and pages already")
}

// TestDoubtDoesNotOverruleWhatRuns: this process does not know whether an
// incident was started, which never was; another has opened one meanwhile.
func TestDoubtDoesNotOverruleWhatRuns(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	w.engine.SetAway(true)
	a := alert("ErrorRate", "checkout")
	_, err := w.Take(t.Context(), deliver(a))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	w.engine.SetAway(false)
	w.store.SetAway(false)
	before := len(w.engine.Starts())

	other := &world{store: w.store, engine: w.engine}
	other.restart(t)
	w.engine.LoseAnswers(true)
	_, err = other.Take(t.Context(), deliver(a))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	w.engine.LoseAnswers(false)
	number := take(t, w.Intake, a).Incidents[0].Number
	require.Equal(t, []string{number}, w.engine.Starts()[before:])
}

func TestOneSlowClaimDoesNotKeepTheNextFromTheStore(t *testing.T) {
	w := newWorld(t)
	w.Intake = run(t, intake.Config{
		Store: w.store, Engine: w.engine, Now: time.Now, Limits: intake.Limits{Away: time.Hour, Refresh: 5 * time.Millisecond},
	})
	read := w.store.Reads()
	require.Eventually(t, func() bool { return w.store.Reads() > read+1 }, 5*time.Second, time.Millisecond)
	w.store.SetAway(true)
	require.Regexp(t, `^INC-x`, take(t, w.Intake, alert("Latency", "checkout")).Incidents[0].Number)
	w.store.SetAway(false)
	require.Regexp(t, `^INC-\d+$`, take(t, w.Intake, alert("Traffic", "checkout")).Incidents[0].Number)
	w.store.SetAway(true)
	take(t, w.Intake, alert("Saturation", "checkout"))
	take(t, w.Intake, alert("Disk", "checkout"))
	w.store.SetAway(false)
	require.Regexp(t, `^INC-x`, take(t, w.Intake, alert("Memory", "checkout")).Incidents[0].Number, "after two it is left alone")
}

func TestDatabaseAwayUnknownKeyStartsOneIncident(t *testing.T) {
	one := newWorld(t)
	one.ready(t)
	a := alert("ErrorRate", "checkout")
	number := take(t, one.Intake, a).Incidents[0].Number
	require.Regexp(t, `^INC-x[0-9a-f]{8,}$`, number)

	// Another process meets the copy.
	other := &world{store: one.store, engine: one.engine}
	other.store.SetAway(false)
	other.restart(t)
	other.ready(t)
	out := take(t, other.Intake, a)
	require.Equal(t, number, out.Incidents[0].Number)
	require.Equal(t, 1, count(one.engine.Starts(), number))

	take(t, one.Intake, alert("ErrorRate", "checkout", "pod=two"))
	require.Len(t, one.engine.Workflow(number).Told, 3)
	require.Equal(t, 2, one.engine.Workflow(number).Incident.Counts.Alerts)
}

func count(list []string, one string) int {
	n := 0
	for _, s := range list {
		if s == one {
			n++
		}
	}
	return n
}

// TestDatabaseAwayWhatEndsIsNotDropped: another incident may carry the alert
// since this one was merged into it, and only the store knows which.
func TestDatabaseAwayWhatEndsIsNotDropped(t *testing.T) {
	w := newWorld(t)
	a := alert("ErrorRate", "checkout")
	take(t, w.Intake, a)
	w.ready(t)
	w.engine.Finish("INC-1")
	_, err := w.Take(t.Context(), deliver(resolved(a)))
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "it is to be sent again")
	require.ErrorContains(t, err, "send it again")
}

func TestDatabaseAwayGoneWorkflowIsReplaced(t *testing.T) {
	w := newWorld(t)
	take(t, w.Intake, alert("ErrorRate", "checkout"))
	w.ready(t)
	w.engine.Delete("INC-1")
	out := take(t, w.Intake, alert("ErrorRate", "checkout", "pod=two"))
	require.Regexp(t, `^INC-x`, out.Incidents[0].Number)
	require.True(t, w.engine.Workflow(out.Incidents[0].Number).Open)
}

func TestDatabaseAwayResolvedOfUnknownIsLeftToTheSender(t *testing.T) {
	w := newWorld(t)
	w.ready(t)
	_, err := w.Take(t.Context(), deliver(resolved(alert("ErrorRate", "checkout"))))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestDatabaseAwayStorm(t *testing.T) {
	w := newWorld(t)
	w.ready(t)
	before := len(w.engine.Starts())
	for n := range 10 {
		take(t, w.Intake, alert(fmt.Sprintf("Rule%d", n), "checkout"))
	}
	require.Len(t, w.engine.Starts()[before:], 4)
	storm := w.engine.Workflow(w.engine.Starts()[before+3])
	require.True(t, storm.Incident.Storm)
	require.Len(t, storm.Told, 7)
}

func TestNeverReadStoreIsUnavailable(t *testing.T) {
	w := &world{store: intaketest.NewStore(), engine: intaketest.NewEngine()}
	w.store.SetAway(true)
	w.restart(t)
	_, err := w.Take(t.Context(), deliver(alert("ErrorRate", "checkout")))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.Empty(t, w.engine.Starts())
}

func TestHangingStoreDoesNotHoldThePage(t *testing.T) {
	w := newWorld(t)
	w.ready(t)
	w.store.SetAway(false)
	w.quick(t, 50*time.Millisecond)
	require.Eventually(t, func() bool { return w.store.Pending() == 0 }, time.Second, time.Millisecond)
	w.store.SetHanging(true)
	require.Eventually(t, func() bool {
		_, err := w.Take(context.Background(), deliver(alert("ErrorRate", "checkout")))
		return err == nil
	}, 5*time.Second, 10*time.Millisecond)
}

func TestDatabaseComesBack(t *testing.T) {
	for _, adopted := range []bool{true, false} {
		t.Run(fmt.Sprintf("adopted first: %t", adopted), func(t *testing.T) {
			w := newWorld(t)
			w.quick(t, 0)
			w.ready(t)
			a := alert("ErrorRate", "checkout")
			number := take(t, w.Intake, a).Incidents[0].Number
			require.True(t, strings.HasPrefix(number, "INC-x"))
			w.store.SetAway(false)
			if adopted {
				w.store.Adopt(number, "checkout", `alertname="ErrorRate"`)
			}
			out := take(t, w.Intake, a, alert("ErrorRate", "checkout", "pod=two"))
			require.Equal(t, number, out.Incidents[0].Number, "the incident that was opened without the store keeps its key")
			require.Equal(t, 1, count(w.engine.Starts(), number))
			require.Equal(t, 2, w.engine.Workflow(number).Incident.Counts.Alerts)
			w.settled(t)
		})
	}
}

// lossy is a store whose answers to claims get lost.
type lossy struct {
	intake.Store
	on   atomic.Bool
	lost atomic.Int32
}

func (l *lossy) Claim(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	out, err := l.Store.Claim(ctx, claims)
	if l.on.Load() {
		l.lost.Add(1)
		return nil, incident.Errorf(incident.Unavailable, "the connection was lost")
	}
	return out, err
}

func TestClaimWhoseAnswerIsLostPagesOnce(t *testing.T) {
	for _, mend := range []string{"sweeper", "delivery"} {
		t.Run("mended by the "+mend, func(t *testing.T) {
			w := newWorld(t)
			link := &lossy{Store: w.store}
			w.Intake = run(t, intake.Config{
				Store: link, Engine: w.engine, Now: time.Now,
				Limits: intake.Limits{Away: time.Nanosecond, Refresh: 5 * time.Millisecond},
			})
			w.ready(t)
			w.store.SetAway(false)
			link.on.Store(true)
			a := alert("ErrorRate", "checkout")
			number := take(t, w.Intake, a).Incidents[0].Number
			require.Regexp(t, "^INC-x", number)
			require.Positive(t, link.lost.Load(), "the store has taken the claim")
			link.on.Store(false)
			reads := w.store.Reads()
			require.Eventually(t, func() bool { return w.store.Reads() > reads+1 }, 5*time.Second, time.Millisecond)
			starts := w.engine.Starts()
			if mend == "sweeper" {
				_, failed, err := w.Resend(t.Context(), time.Now().Add(time.Minute), 10)
				require.NoError(t, err)
				require.Zero(t, failed)
			}
			out := take(t, w.Intake, a, alert("ErrorRate", "checkout", "pod=two"))
			require.Equal(t, number, out.Incidents[0].Number)
			w.settled(t)
			require.Equal(t, starts, w.engine.Starts())
			require.Equal(t, 2, w.engine.Workflow(number).Incident.Counts.Alerts)
			out = take(t, w.Intake, alert("ErrorRate", "checkout", "pod=three"))
			require.Equal(t, number, out.Incidents[0].Number, "the key is the incident's own now")
		})
	}
}

func TestAwayNumberOfAFinishedIncidentIsNotUsedAgain(t *testing.T) {
	w := newWorld(t)
	w.ready(t)
	a := alert("ErrorRate", "checkout")
	a.StartsAt = time.Time{}
	first := take(t, w.Intake, a).Incidents[0].Number
	w.engine.Finish(first)
	_, err := w.Take(t.Context(), deliver(resolved(a)))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	second := take(t, w.Intake, a).Incidents[0].Number
	require.NotEqual(t, first, second)
	require.True(t, w.engine.Workflow(second).Open)
	require.Equal(t, []alerts.Status{alerts.Firing}, []alerts.Status{w.engine.Workflow(second).Told[0].Status})
}
