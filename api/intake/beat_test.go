package intake_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// beatAt is the alert of the beat of a moment.
func beatAt(at time.Time) alerts.Alert {
	a := alert("TocsinBeat", "checkout")
	a.Source, a.StartsAt = alerts.SourceBeat, at
	return a
}

func TestBeatUsesUpNoNumberAndEnds(t *testing.T) {
	w := newWorld(t)
	a := beatAt(noon)
	out := take(t, w.Intake, a)
	number := incident.BeatNumber(noon)
	require.Equal(t, number, out.Incidents[0].Number)
	w.settled(t)
	i := w.engine.Workflow(number).Incident
	require.Equal(t, catalog.Watchdog, i.Service)
	require.True(t, i.Drill)
	require.True(t, i.Provisional, "or clearing would not end it")
	require.Equal(t, catalog.Urgent, i.Urgency)
	require.Empty(t, i.Policy.LastResort)

	take(t, w.Intake, resolved(a))
	require.Equal(t, incident.Transient, w.engine.Workflow(number).Incident.Phase)
	require.Empty(t, w.engine.Workflow(number).Incident.Outbox.Notices, "nobody is told")
	require.Equal(t, "INC-1", take(t, w.Intake, alert("ErrorRate", "checkout")).Incidents[0].Number)
}

func TestBeatsOfTwoProcessesAreOne(t *testing.T) {
	w := newWorld(t)
	other := &world{store: w.store, engine: w.engine}
	other.restart(t)
	for _, i := range []*intake.Intake{w.Intake, other.Intake} {
		take(t, i, beatAt(noon))
		// What is not marked yet would be sent again by the other one.
		w.settled(t)
	}
	require.Len(t, w.engine.Starts(), 1)
	for _, i := range []*intake.Intake{w.Intake, other.Intake} {
		take(t, i, resolved(beatAt(noon)))
		w.settled(t)
	}
	require.Equal(t, 1, w.engine.Workflow(incident.BeatNumber(noon)).Signals)
	require.NoError(t, w.store.Release(t.Context(), incident.BeatNumber(noon), "transient"))
	for _, starts := range []time.Time{noon, noon.Add(300 * time.Millisecond)} {
		out := take(t, w.Intake, beatAt(starts))
		require.Empty(t, out.Incidents[0].Number, "a beat is opened once")
	}
	require.Len(t, w.engine.Starts(), 1)
}

func TestBeatsAreNoStorm(t *testing.T) {
	w := newWorld(t)
	for n := range 10 {
		take(t, w.Intake, beatAt(noon.Add(time.Duration(n)*time.Second)))
	}
	require.Len(t, w.engine.Starts(), 10)
	require.False(t, w.engine.Workflow(incident.BeatNumber(noon.Add(9*time.Second))).Incident.Storm)
}

func TestBeatComesWithoutTheDatabase(t *testing.T) {
	w := newWorld(t)
	w.quick(t, 0)
	w.ready(t)
	now := time.Now()
	a := beatAt(now)
	number := incident.BeatNumber(now)
	require.Equal(t, number, take(t, w.Intake, a).Incidents[0].Number)
	require.Equal(t, 1, count(w.engine.Starts(), number))
	take(t, w.Intake, resolved(a))
	require.Equal(t, incident.Transient, w.engine.Workflow(number).Incident.Phase)

	other := &world{store: w.store, engine: w.engine}
	other.quick(t, 0)
	w.store.SetAway(false)
	other.ready(t)
	take(t, other.Intake, a)
	require.Equal(t, 1, count(w.engine.Starts(), number), "another process makes the same number")
}

func TestLateBeatIsDropped(t *testing.T) {
	w := newWorld(t)
	w.engine.SetAway(true)
	_, err := w.Take(t.Context(), deliver(beatAt(noon)))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.NoError(t, w.Close(context.Background()))
	w.engine.SetAway(false)
	later := run(t, intake.Config{Store: w.store, Engine: w.engine, Now: func() time.Time { return noon.Add(time.Hour) }})
	_, failed, err := later.Resend(t.Context(), noon.Add(time.Hour), 10)
	require.NoError(t, err)
	require.Zero(t, failed)
	require.Empty(t, w.engine.Starts(), "what it would prove is not true any more")
	require.Eventually(t, func() bool { return w.store.Pending() == 0 }, 5*time.Second, time.Millisecond)
}

func TestBeatWhoseWorkflowIsGoneOpensNoOther(t *testing.T) {
	w := newWorld(t)
	take(t, w.Intake, beatAt(noon))
	w.settled(t)
	w.engine.Finish(incident.BeatNumber(noon))
	take(t, w.Intake, resolved(beatAt(noon)))
	require.Equal(t, []string{incident.BeatNumber(noon)}, w.engine.Numbers())
	require.Equal(t, "INC-1", take(t, w.Intake, alert("ErrorRate", "checkout")).Incidents[0].Number)
}
