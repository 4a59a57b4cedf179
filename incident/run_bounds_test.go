package incident_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

func TestARunCannotFillTheState(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	for name, act := range map[string]func(i *incident.Incident, run string){
		"the calls of a question": func(i *incident.Incident, run string) {
			q := approval(run)
			q.Calls = []string{big}
			i.RunAsked(q, noon)
		},
		"the choices": func(i *incident.Incident, run string) {
			q := approval(run)
			q.Choices = []string{big, "refuse"}
			i.RunAsked(q, noon)
		},
		"the parameters of another run": func(i *incident.Incident, run string) {
			i.RunCalls(run, "other-1", "drain", map[string]string{"node": big}, noon)
		},
		"the name of another run": func(i *incident.Incident, run string) { i.RunCalls(run, "other-1", big, nil, noon) },
		"the ID of a hatch": func(i *incident.Incident, run string) {
			i.OpenHatch(run, incident.Hatch{ID: big, What: "x", Expires: noon.Add(time.Hour)}, noon)
		},
		"the owner of a follow-up": func(i *incident.Incident, run string) {
			i.RunAddsFollowUp(run, incident.AddFollowUp{Title: "x", Owner: big}, noon)
		},
		"many hatches": func(i *incident.Incident, run string) {
			for n := range 2000 {
				i.OpenHatch(run, incident.Hatch{ID: fmt.Sprint(n), What: "x", Expires: noon.Add(time.Hour)}, noon)
			}
		},
		"many other runs": func(i *incident.Incident, run string) {
			for n := range 2000 {
				i.RunCalls(run, fmt.Sprint("other-", n), "drain", nil, noon)
			}
		},
		"many questions": func(i *incident.Incident, run string) {
			for n := range 2000 {
				q := approval(run)
				q.ID = fmt.Sprint("rollback-1-", n)
				i.RunAsked(q, noon)
			}
		},
		"many calls for help": func(i *incident.Incident, run string) {
			for range 2000 {
				i.RunAddsFollowUp(run, incident.AddFollowUp{Title: "x"}, noon)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := mitigating(t)
			out, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "evacuate"}, noon)
			require.NoError(t, err)
			act(i, out.ID)
			b, err := json.Marshal(i)
			require.NoError(t, err)
			require.Less(t, len(b), 256<<10)
		})
	}
}

func TestARunCannotFillTheTimeline(t *testing.T) {
	i := mitigating(t)
	out, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "evacuate"}, noon)
	require.NoError(t, err)
	i.Drain()
	vital := 0
	for n := range 100_000 {
		if i.Hears(out.ID, false, noon) {
			i.RunNoted(out.ID, fmt.Sprint("again ", n), noon, noon)
		} else if i.Hears(out.ID, true, noon) {
			vital++
		}
	}
	said := i.Drain()
	require.Len(t, said, 1301)
	require.Equal(t, "evacuate has said too much: only its questions, what it degrades and how it ends are told from now on.", said[1300].Text)
	require.Equal(t, 650, vital, "questions longer, and not for ever either")
	require.False(t, i.Hears("INC-7/runbook/other/1", true, noon), "of no run of this incident")
}

func TestABlankIsNoReason(t *testing.T) {
	i := running(t)
	blank := by("alice", 3*time.Minute)
	refused(t, incident.Invalid, blank, i.StartRun, incident.StartRun{Name: "other", BreakGlass: "  "})
	refused(t, incident.Invalid, blank, i.ControlRun, incident.ControlRun{Run: firstRun, Do: incident.AbortRun, Reason: " "})
	refused(t, incident.Invalid, chief("alice", 3*time.Minute), i.Cancel, incident.Cancel{Reason: "\t"})
}

func TestADiagnosticHasNoOtherRunbookRun(t *testing.T) {
	i := mitigating(t)
	out, err := i.StartRun(by("alice", 0), incident.StartRun{Name: "look"}, noon)
	require.NoError(t, err)
	i.RunBegan(out.ID, "", "began", noon, noon)
	i.RunCalls(out.ID, "other-1", "drain", nil, noon)
	require.Len(t, i.Runs, 2)
	require.Equal(t, incident.RunRefused, i.Runs[1].State)
	require.Equal(t, "look changes nothing, and has no other runbook run", i.Runs[1].Outcome)
	require.Equal(t, "look-1-refused-1", i.Runs[1].Short())
	require.Equal(t, "other-1", i.ToTellEnd().Ask)
}

func TestRunsAreBounded(t *testing.T) {
	i := held(t)
	h := by("alice", 2*time.Minute)
	refused(t, incident.Invalid, h, i.StartRun, incident.StartRun{})
	refused(t, incident.Invalid, h, i.StartRun, incident.StartRun{Name: "x", Params: map[string]string{"p": strings.Repeat("x", 2000)}})
	for n := range 30 {
		out := do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: fmt.Sprint("run", n)})
		if n < 20 {
			i.RunEnded(out.ID, incident.RunDone, "fine", after(3*time.Minute))
		}
	}
	require.Len(t, i.Runs, 20)
	refused(t, incident.Refused, h, i.StartRun, incident.StartRun{Name: "run29"})
	do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: "run29", DryRun: true})
	for n := range 9 {
		do(t, i, "alice", 2*time.Minute, i.StartRun, incident.StartRun{Name: fmt.Sprint("more", n)})
	}
	refused(t, incident.Refused, h, i.StartRun, incident.StartRun{Name: "no room"})
}

// gated asks for the approval of rollback as its runbook wants it.

func TestAnIncidentThatIsBeingMergedStartsNoRun(t *testing.T) {
	from, into := numbered("INC-8", catalog.SEV3, "b"), held(t)
	asked(t, from, "root", time.Minute, incident.MergeInto{Into: into.Number, Reason: "one cause"})
	refused(t, incident.Refused, by("alice", 2*time.Minute), from.StartRun, incident.StartRun{Name: "rollback"})
	from.Runbooks = []incident.RunbookOffered{{Name: "look", Auto: &catalog.Auto{PerHour: 5}}}
	from.AutoRun("look", "", after(2*time.Minute))
	require.Empty(t, from.Runs)
}
