package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

const nobody = "no worker of the task queue acme takes it up: is one running?"

func TestTheHolderIsPagedAboutAStuckRunOnceUntilItGoesOn(t *testing.T) {
	i := held(t)
	do(t, i, "bob", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.Drain()
	i.RunStuck(firstRun, nobody, after(4*time.Minute))
	i.RunStuck(firstRun, nobody, after(5*time.Minute))
	said := i.Drain()
	require.Len(t, said, 1)
	require.Equal(t, "rollback does not go on: "+nobody, said[0].Text)
	s := only(t, i, incident.ForBreach)
	require.Equal(t, "alice", s.Levels[0].Targets[0].Person)
	require.Contains(t, s.Why, "It can be aborted")
	require.Equal(t, []string{"bob"}, told(i, "rollback does not go on"), "who started it")
	require.Contains(t, refused(t, incident.Refused, chief("alice", 5*time.Minute), i.Cancel, incident.Cancel{Reason: "false alarm"}),
		"the end of "+firstRun+", which no worker does: abort it")

	i.Hears(firstRun, false, after(6*time.Minute))
	require.False(t, s.Open(), "it goes on")
	i.RunStuck(firstRun, nobody, after(20*time.Minute))
	s = only(t, i, incident.ForBreach)
	i.RunGoesOn(firstRun, after(21*time.Minute))
	require.False(t, s.Open())
	i.RunEnded(firstRun, incident.RunDone, "", after(22*time.Minute))
	i.RunStuck(firstRun, nobody, after(23*time.Minute))
	require.Empty(t, open(i, incident.ForBreach), "it has ended")
}

func TestNobodyIsPagedAboutAStuckRunThatChangesNothing(t *testing.T) {
	for name, run := range map[string]incident.StartRun{"a dry one": {Name: "rollback", DryRun: true}, "a diagnostic": {Name: "look"}} {
		t.Run(name, func(t *testing.T) {
			i := held(t, func(o *incident.Opening) { o.Runbooks = []incident.RunbookOffered{{Name: "look", ReadOnly: true}} })
			out := do(t, i, "bob", 2*time.Minute, i.StartRun, run)
			i.RunStuck(out.ID, nobody, after(4*time.Minute))
			require.Empty(t, open(i, incident.ForBreach))
			require.Equal(t, []string{"alice", "bob"}, told(i, "does not go on"))
		})
	}
}

func TestAStuckRunThatIsAbortedIsGivenUp(t *testing.T) {
	abort := incident.ControlRun{Run: "rollback-1", Do: incident.AbortRun, Reason: "nobody runs it"}
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	require.Empty(t, i.GivenUp(firstRun))
	do(t, i, "alice", 3*time.Minute, i.ControlRun, abort)
	i.RunStuck(firstRun, nobody, after(4*time.Minute))
	const text = "aborted by alice (nobody runs it), and ended where it stood, since no worker does it; "
	require.Equal(t, text+"it never said that it had begun", i.GivenUp(firstRun))

	begun := i.Clone()
	begun.Hears(firstRun, false, after(5*time.Minute))
	begun.RunBegan(firstRun, "deploy/payments", "alice started rollback", after(5*time.Minute), after(5*time.Minute))
	begun.RunStuck(firstRun, nobody, after(6*time.Minute))
	require.Equal(t, text+"nothing is undone, and what it did may stand: see what it said last", begun.GivenUp(firstRun))
	out := do(t, begun, "alice", 7*time.Minute, begun.ControlRun, abort)
	require.Equal(t, "no worker does "+firstRun+": it is ended where it stands", out.Text)

	begun.RunBegan(firstRun, "", "alice started look", after(5*time.Minute), after(5*time.Minute))
	require.Equal(t, text+"it changes nothing", begun.GivenUp(firstRun))
	i.RunEnded(firstRun, incident.RunCancelled, i.GivenUp(firstRun), after(8*time.Minute))
	require.Empty(t, i.GivenUp(firstRun))
	require.Empty(t, open(i, incident.ForBreach))
	_, err := i.Cancel(chief("alice", 9*time.Minute), incident.Cancel{Reason: "false alarm"}, after(9*time.Minute))
	require.NoError(t, err)
}

func TestWhatClearedIsOverOnceAStuckRunIsGivenUp(t *testing.T) {
	o := opening()
	o.Runbooks = []incident.RunbookOffered{{Name: "no-such", Auto: &catalog.Auto{PerHour: 5}}}
	i := incident.New(o)
	i.TakeAlerts([]alerts.Alert{firing("a")}, 0, noon)
	i.Begin(noon)
	i.AutoRun("no-such", "", noon)
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(time.Minute))
	run := i.Runs[0].ID
	i.RunStuck(run, nobody, after(2*time.Minute))
	require.Equal(t, []string{"lena"}, []string{only(t, i, incident.ForBreach).Levels[0].Targets[0].Person}, "nobody holds it")
	require.Empty(t, told(i, "does not go on"), "nobody started it")
	_, err := i.ControlRun(by("max", 3*time.Minute, catalog.StandingMember), incident.ControlRun{Run: "no-such-1", Do: incident.AbortRun, Reason: "it is stuck"}, after(3*time.Minute))
	require.NoError(t, err)
	i.RunEnded(run, incident.RunCancelled, i.GivenUp(run), after(4*time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
}

func TestARunIsCutOffWithItsIncident(t *testing.T) {
	i := running(t)
	do(t, i, "alice", 3*time.Minute, i.StartRun, incident.StartRun{Name: "look", DryRun: true})
	i.CalledOff(after(4 * time.Minute))
	for _, r := range i.Clone().Runs {
		i.CutOff(r.ID, after(4*time.Minute))
	}
	require.Equal(t, incident.RunCancelled, i.Runs[0].State)
	require.Equal(t, "with its incident; what it did may stand", i.Runs[0].Outcome)
	require.Equal(t, "with its incident", i.Runs[1].Outcome)
}

// A run that heard the abort offers its undo and makes it. That its worker is
// away for a moment then is no reason to end it: nobody asked for that.
func TestAnAbortThatWasHeardEndsNoUndo(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.RunBegan(firstRun, "deploy/payments", "alice started rollback", after(2*time.Minute), after(2*time.Minute))
	do(t, i, "alice", 3*time.Minute, i.ControlRun, incident.ControlRun{Run: "rollback-1", Do: incident.AbortRun, Reason: "wrong host"})
	i.Controlled(firstRun)
	i.Hears(firstRun, false, after(3*time.Minute))
	i.RunNoted(firstRun, "to be aborted by alice (wrong host)", after(3*time.Minute), after(3*time.Minute))
	i.Hears(firstRun, true, after(3*time.Minute))
	i.RunAsked(incident.Question{
		ID: "rollback-1-1", Run: firstRun, Text: "Undo a?", Choices: []string{"keep", "undo"}, Asked: after(3 * time.Minute), Until: after(33 * time.Minute),
	}, after(3*time.Minute))
	do(t, i, "alice", 17*time.Minute, i.Answer, incident.Answer{Question: "rollback-1-1", Choice: "undo"})
	i.RunStuck(firstRun, nobody, after(18*time.Minute))
	require.Empty(t, i.GivenUp(firstRun), "alice has it undone")
}

func TestThatARunGoesOnIsRecorded(t *testing.T) {
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback", DryRun: true})
	i.RunStuck(firstRun, nobody, after(4*time.Minute))
	before := i.Revision
	i.RunGoesOn(firstRun, after(20*time.Minute))
	require.False(t, i.Runs[0].Stuck)
	require.Greater(t, i.Revision, before)
}
