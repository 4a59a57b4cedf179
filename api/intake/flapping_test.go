package intake_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// flappy is the nth firing of an alert of SEV3.
func flappy(n int) alerts.Alert {
	return again(alert("ErrorRate", "checkout", "severity=error"), time.Duration(n)*time.Second)
}

// calm is a world in which few new keys are no storm.
func calm(t *testing.T) *world {
	t.Helper()
	w := &world{store: intaketest.NewStore(), engine: intaketest.NewEngine()}
	w.Intake = run(t, intake.Config{Store: w.store, Engine: w.engine, Catalogs: patient(), Runbook: about})
	return w
}

func patient() fixed {
	c := example()
	c.Settings.Storm.NewKeysPerMinute = 20
	return fixed{c}
}

// clears opens incidents that each page somebody and clear by themselves.
func (w *world) clears(t *testing.T, times int) {
	t.Helper()
	for n := range times {
		out := take(t, w.Intake, flappy(n))
		w.settled(t)
		opened := w.engine.Workflow(out.Incidents[0].Number).Incident
		require.Zero(t, opened.Openings, "it pages at once")
		take(t, w.Intake, resolved(flappy(n)))
		w.settled(t)
		w.engine.Finish(opened.Number)
		w.store.Clear(opened.Number)
	}
}

func TestTheFourthIncidentThatClearedByItselfFlapsFromItsBeginning(t *testing.T) {
	w := calm(t)
	w.clears(t, 3)
	out := take(t, w.Intake, flappy(4))
	require.Equal(t, "INC-4", out.Incidents[0].Number)
	w.settled(t)
	i := w.engine.Workflow("INC-4").Incident
	require.Equal(t, 4, i.Openings)
	require.Equal(t, "INC-3", i.Recurs)
	require.Equal(t, catalog.Flapping{}.Limit(), i.Policy.Flapping)
	take(t, w.Intake, resolved(flappy(4)))
	out = take(t, w.Intake, flappy(5))
	require.Equal(t, "INC-4", out.Incidents[0].Number, "what comes next belongs to it")
}

func TestWhatFlapsPagesAtOnceWithTheStoreAway(t *testing.T) {
	w := calm(t)
	w.clears(t, 3)
	w.store.SetAway(true)
	out := take(t, w.Intake, flappy(4))
	require.Zero(t, w.engine.Workflow(out.Incidents[0].Number).Incident.Openings)
}

func TestAnOutageOfTheEngineForgetsNothingOfWhatFlaps(t *testing.T) {
	w := calm(t)
	w.clears(t, 3)
	w.engine.SetAway(true)
	_, err := w.Take(t.Context(), deliver(flappy(4)))
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	w.engine.SetAway(false)
	_, failed, err := w.Resend(t.Context(), noon.Add(time.Minute), 100)
	require.NoError(t, err)
	require.Zero(t, failed)
	require.Equal(t, 4, w.engine.Workflow("INC-4").Incident.Openings)
}

func TestWhoeverStartsWhatFlapsAfterADeathKnowsIt(t *testing.T) {
	w := calm(t)
	w.clears(t, 3)
	dying := run(t, intake.Config{
		Store: w.store, Engine: intaketest.MortalEngine{Engine: w.engine, Life: intaketest.NewLife(intaketest.BeforeStart)}, Catalogs: patient(),
	})
	_, err := dying.Take(t.Context(), deliver(flappy(4)))
	require.Error(t, err)
	take(t, w.Intake, flappy(4))
	require.Equal(t, 4, w.engine.Workflow("INC-4").Incident.Openings)
}
