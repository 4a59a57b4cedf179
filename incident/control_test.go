package incident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

const firstRun = "INC-7/runbook/rollback/1"

// running is a held incident with a run that changes payments.
func running(t *testing.T) *incident.Incident {
	t.Helper()
	i := held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.RunBegan(firstRun, "deploy/payments", "alice started rollback", after(2*time.Minute), after(2*time.Minute))
	return i
}

func TestARunIsControlled(t *testing.T) {
	i := running(t)
	require.Equal(t, "rollback-1", i.Runs[0].Short())
	out := do(t, i, "alice", 3*time.Minute, i.ControlRun, incident.ControlRun{Run: "rollback-1", Do: incident.PauseRun})
	require.Equal(t, "INC-7/runbook/rollback/1 is told to pause", out.Text)
	require.Equal(t, incident.RunPaused, i.Runs[0].State)
	do(t, i, "alice", 4*time.Minute, i.ControlRun, incident.ControlRun{Run: firstRun, Do: incident.SkipRun, Reason: "done by hand"})
	require.Equal(t, []incident.RunControl{{Do: "pause", By: "alice"}, {Do: "skip", By: "alice", Reason: "done by hand"}}, i.Runs[0].Controls)
	i.Controlled(firstRun)
	require.Len(t, i.Runs[0].Controls, 1)
	do(t, i, "alice", 5*time.Minute, i.ControlRun, incident.ControlRun{Run: "rollback-1", Do: incident.ResumeRun})
	require.Equal(t, incident.RunRunning, i.Runs[0].State)
	i.RunEnded(firstRun, incident.RunDone, "", after(6*time.Minute))
	require.Empty(t, i.Runs[0].Controls)
}

func TestWhatCannotBeDoneWithARunIsRefused(t *testing.T) {
	i := running(t)
	for name, test := range map[string]struct {
		who  incident.Header
		args incident.ControlRun
		want incident.Kind
	}{
		"no such run":   {by("alice", 3*time.Minute), incident.ControlRun{Run: "rollback-2", Do: "pause"}, incident.NotFound},
		"no such thing": {by("alice", 3*time.Minute), incident.ControlRun{Run: "rollback-1", Do: "dance"}, incident.Invalid},
		"no reason":     {by("alice", 3*time.Minute), incident.ControlRun{Run: "rollback-1", Do: "abort"}, incident.Refused},
		"not paused":    {by("alice", 3*time.Minute), incident.ControlRun{Run: "rollback-1", Do: "resume"}, incident.Refused},
		"a stranger":    {by("zoe", 3*time.Minute), incident.ControlRun{Run: "rollback-1", Do: "pause"}, incident.Forbidden},
	} {
		t.Run(name, func(t *testing.T) { refused(t, test.want, test.who, i.ControlRun, test.args) })
	}
	_, err := i.ControlRun(by("max", 3*time.Minute, catalog.StandingMember), incident.ControlRun{Run: "rollback-1", Do: "pause"}, after(3*time.Minute))
	require.NoError(t, err)
	i.RunEnded(firstRun, incident.RunDone, "", after(6*time.Minute))
	refused(t, incident.Refused, by("alice", 7*time.Minute), i.ControlRun, incident.ControlRun{Run: "rollback-1", Do: "pause"})
}

func TestAnIncidentIsNotCancelledWhileARunChangesThings(t *testing.T) {
	cancel := incident.Cancel{Reason: "false alarm"}
	i := running(t)
	refused(t, incident.Refused, chief("alice", 3*time.Minute), i.Cancel, cancel)
	i.RunEnded(firstRun, incident.RunDone, "", after(4*time.Minute))
	_, err := i.Cancel(chief("alice", 5*time.Minute), cancel, after(5*time.Minute))
	require.NoError(t, err)

	i = held(t)
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "look"})
	refused(t, incident.Refused, chief("alice", 3*time.Minute), i.Cancel, cancel)
	i.RunBegan("INC-7/runbook/look/1", "", "alice started look", after(3*time.Minute), after(3*time.Minute))
	_, err = i.Cancel(chief("alice", 5*time.Minute), cancel, after(5*time.Minute))
	require.NoError(t, err, "a diagnostic changes nothing")
}

func TestWhatClearsWhileARunChangesThingsEndsAfterIt(t *testing.T) {
	o := opening()
	o.Severity, o.Urgency = catalog.SEV4, catalog.Ordinary
	i := incident.New(o)
	i.TakeAlerts([]alerts.Alert{firing("a")}, 0, noon)
	i.Begin(noon)
	do(t, i, "alice", time.Minute, i.StartRun, incident.StartRun{Name: "rollback"})
	i.TakeAlerts([]alerts.Alert{cleared("a")}, 0, after(2*time.Minute))
	require.Equal(t, incident.Triggered, i.Phase, "what it has begun is seen to its end")
	i.RunEnded(firstRun, incident.RunDone, "", after(3*time.Minute))
	require.Equal(t, incident.Transient, i.Phase)
}
