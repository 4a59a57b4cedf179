package incident

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// The states of a run.
const (
	RunRunning   = "running"
	RunPaused    = "paused"
	RunDone      = "done"
	RunFailed    = "failed"
	RunRefused   = "refused"
	RunCancelled = "cancelled"
)

const (
	// maxRuns bounds the runs that are carried, the latest ones.
	maxRuns = 20
	// maxRefused bounds the runs that were refused, and whose parent was not told.
	maxRefused = 50
	// maxSaid is how often a run is heard, which is more than the kit lets it say
	// with all that it undoes: what only fills the timeline then ends, and at twice
	// as much everything but its end.
	maxSaid = 1300
)

// StartRun runs a runbook for this incident, in any phase before closed. The
// caller has checked that the runbook exists and that its parameters fit.
func (i *Incident) StartRun(h Header, c StartRun, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "run a runbook")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), CheckStart(c.Name, c.Params), fit(word{"break_glass", c.BreakGlass})); err != nil {
		return Outcome{}, err
	}
	if c.Name == "" {
		return Outcome{}, Errorf(Invalid, "name: say which runbook")
	}
	if err := i.mayRun(c.Name, c.DryRun); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	r := i.addRun(Run{Name: c.Name, Params: c.Params, DryRun: c.DryRun, BreakGlass: cut(c.BreakGlass), By: h.By.ID, Started: now})
	how := ""
	if r.DryRun {
		how = " dry: it only says what it would do"
	}
	i.did(h, now, "run.started", "%s runs %s%s.", h.By.ID, r.Name, how)
	out := i.outcome(c.Name + " is running")
	out.ID = r.ID
	return out, nil
}

// mayRun refuses a run while another of its runbook, or too many, are running,
// and while the incident is being merged: nobody would hear the run any more.
func (i *Incident) mayRun(name string, dry bool) error {
	running := func(r Run) bool { return r.Ended.IsZero() }
	switch m := i.Outbox.Merge; {
	case m != nil:
		return Refusal(i.Number+" is being merged into "+m.Into, "the end of that merge")
	case slices.ContainsFunc(i.Runs, func(r Run) bool { return r.Name == name && !r.DryRun && running(r) && !dry }):
		return Refusal(name+" is running already", "the end of that run")
	case len(i.Runs) >= maxRuns && !slices.ContainsFunc(i.Runs, func(r Run) bool { return !running(r) }):
		return Refusal(fmt.Sprintf("%d runbooks are running already", maxRuns), "the end of one of them")
	}
	return nil
}

// addRun numbers a run that is to be started, among those of its runbook.
func (i *Incident) addRun(r Run) Run {
	i.pruneRuns()
	nth := "run of " + r.Name
	i.ordinal(nth)
	r.ID, r.State = RunID(i.Number, r.Name, i.Ordinals[nth]), RunRunning
	i.Runs = append(i.Runs, r)
	return r
}

// CheckStart returns an Invalid error when no run of such a name, or with so many
// parameters, is started: a state carries them.
func CheckStart(name string, params map[string]string) error {
	return first(within("name", name, maxTitle), small(params))
}

// small refuses parameters that are more than a state can carry.
func small(params map[string]string) error {
	if total := catalog.RunParamChars(params); total > catalog.MaxRunParams {
		return Errorf(Invalid, "params: %d characters are more than %d", total, catalog.MaxRunParams)
	}
	return nil
}

// pruneRuns makes room for a run by forgetting the earliest that ended; the
// timeline has them.
func (i *Incident) pruneRuns() {
	for len(i.Runs) >= maxRuns {
		n := slices.IndexFunc(i.Runs, func(r Run) bool { return !r.Ended.IsZero() && (r.Parent == "" || r.Told) })
		if n < 0 {
			return
		}
		i.Runs = slices.Delete(i.Runs, n, n+1)
	}
}

// Offered returns the parameters with which the catalog offers a runbook for
// this incident.
func (i *Incident) Offered(runbook string) map[string]string {
	n := slices.IndexFunc(i.Runbooks, func(o RunbookOffered) bool { return o.Name == runbook })
	if n < 0 {
		return nil
	}
	return i.Runbooks[n].Params
}

// run returns the run with this id, or nil.
func (i *Incident) run(id string) *Run {
	n := slices.IndexFunc(i.Runs, func(r Run) bool { return r.ID == id })
	if n < 0 {
		return nil
	}
	return &i.Runs[n]
}

// runCalled returns the run with this short name, or nil.
func (i *Incident) runCalled(short string) *Run {
	n := slices.IndexFunc(i.Runs, func(r Run) bool { return r.Short() == short })
	if n < 0 {
		return nil
	}
	return &i.Runs[n]
}

// Short names the run within its incident: "rollback-1".
func (r Run) Short() string {
	_, short, _ := strings.Cut(r.ID, "/runbook/")
	return strings.ReplaceAll(short, "/", "-")
}

// Hears takes in that a run says something, and so goes on. It reports whether
// what it says is to be applied: nobody reads what a run says in a loop. What is
// vital, such as a question, is heard longer.
func (i *Incident) Hears(run string, vital bool, now time.Time) bool {
	r := i.run(run)
	if r == nil {
		return false
	}
	i.goesOn(r, now)
	if len(r.Controls) == 0 {
		r.Aborted = nil // it was told, and sees to that itself
	}
	if r.Said++; r.Said == maxSaid+1 {
		i.record(Entry{
			Kind: "run.note", Recorded: now, Actor: Self(), Source: run, Highlight: true,
			Text: r.Name + " has said too much: only its questions, what it degrades and how it ends are told from now on.",
		})
	}
	return r.Said <= maxSaid || vital && r.Said <= 2*maxSaid
}

// RunBegan records that a run has begun, and what it changes; a run that names
// nothing changes nothing.
func (i *Incident) RunBegan(run, target, text string, at, now time.Time) {
	if r := i.run(run); r != nil {
		r.Target, r.ReadOnly = cut(target), target == ""
	}
	i.RunNoted(run, text, at, now)
}

// RunNoted records what a run did or found, and when by its own clock.
func (i *Incident) RunNoted(run, text string, at, now time.Time) {
	if r := i.run(run); r != nil {
		r.Latest = cut(text)
	}
	i.record(Entry{Kind: "run.note", Occurred: at, Recorded: now, Actor: Self(), Source: run, Text: shorten(text, maxText)})
}

// RunBrought records that a run brought something to light that is kept.
func (i *Incident) RunBrought(run, text string, at, now time.Time) {
	i.record(Entry{Kind: "run.output", Occurred: at, Recorded: now, Actor: Self(), Source: run, Text: shorten(text, maxText), Highlight: true})
}

// RunEnded records how a run ended, and withdraws what it still asked.
func (i *Incident) RunEnded(run, state, outcome string, now time.Time) {
	r := i.run(run)
	if r == nil || !r.Ended.IsZero() {
		return
	}
	i.goesOn(r, now)
	r.Ended, r.State, r.Outcome, r.Controls, r.Aborted, r.Latest = now, state, cut(outcome), nil, nil, ""
	for n := range i.Questions {
		if i.Questions[n].Run == run {
			i.withdraw(&i.Questions[n], now, "No longer asked, since the run ended")
		}
	}
	i.record(Entry{Kind: "run." + state, Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: strings.TrimSuffix(fmt.Sprintf("%s %s: %s", r.Name, state, shorten(outcome, maxText)), ": ")})
	i.clearedMeanwhile(now)
	i.clearedBefore(now)
}
