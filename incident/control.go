package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// What people can have a run do.
const (
	PauseRun  = "pause"
	ResumeRun = "resume"
	SkipRun   = "skip"
	AbortRun  = "abort"
)

// RunControl is what somebody has a run do.
type RunControl struct {
	Do     string `json:"do"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// maxControls bounds what a run has not been told yet.
const maxControls = 10

// ControlRun has a run pause, go on, skip what it waits for, or end before its
// next step with the undo offered. It takes a part in the incident, or in the
// team; to skip and to abort need a reason. It is passed on to the run, which
// has the last word; Outcome says no more than that. A run that is stuck cannot
// have it: to abort that one ends it where it stands, as GivenUp says.
func (i *Incident) ControlRun(h Header, c ControlRun, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "control a run")
	if err != nil {
		return Outcome{}, err
	}
	if err := fit(word{"reason", c.Reason}); err != nil {
		return Outcome{}, err
	}
	r := i.run(c.Run)
	if r == nil {
		r = i.runCalled(c.Run)
	}
	switch {
	case r == nil:
		return Outcome{}, Errorf(NotFound, "%s has no run %q", i.Number, c.Run)
	case !slices.Contains([]string{PauseRun, ResumeRun, SkipRun, AbortRun}, c.Do):
		return Outcome{}, Errorf(Invalid, "do: %q is not one of pause, resume, skip, abort", c.Do)
	case !r.Ended.IsZero():
		return Outcome{}, Refusal(fmt.Sprintf("%s has ended: %s", r.ID, r.State), "a run that is not over")
	case (c.Do == SkipRun || c.Do == AbortRun) && c.Reason == "":
		return Outcome{}, Refusal("to "+c.Do+" needs a reason", "reason")
	case c.Do == PauseRun && r.State == RunPaused, c.Do == ResumeRun && r.State != RunPaused:
		return Outcome{}, Refusal(r.ID+" is "+r.State, "another state")
	case len(r.Controls) >= maxControls:
		return Outcome{}, Refusal(r.ID+" has not been told of the last ones yet", "a worker that runs it")
	}
	team := []catalog.Standing{catalog.HolderRole, catalog.CommanderRole, catalog.TeamLead, catalog.StandingMember}
	if i.RoleOf(h.By.ID) == "" {
		if err := i.mustHave(h, team, "control a run without a part in the incident"); err != nil {
			return Outcome{}, err
		}
	}
	i.heard(h, now)
	switch c.Do {
	case PauseRun:
		r.State = RunPaused
	case ResumeRun:
		r.State = RunRunning
	}
	control := RunControl{Do: c.Do, By: h.By.ID, Reason: cut(c.Reason)}
	if c.Do == AbortRun {
		r.Aborted = &control
	}
	r.Controls = append(r.Controls, control)
	i.did(h, now, "run."+c.Do, "%s has %s %s%s", h.By.ID, r.Name, c.Do, because(c.Reason))
	if r.Stuck && c.Do == AbortRun {
		return i.outcome("no worker does " + r.ID + ": it is ended where it stands"), nil
	}
	return i.outcome(r.ID + " is told to " + c.Do), nil
}

// Controlled says that a run was told the first of its controls.
func (i *Incident) Controlled(run string) {
	if r := i.run(run); r != nil && len(r.Controls) > 0 {
		r.Controls = slices.Clone(r.Controls[1:])
		i.Revision++
	}
}

// unsettled returns a run that has not ended and may change something, or nil.
// Until a run says that it changes nothing, it may.
func (i *Incident) unsettled() *Run {
	n := slices.IndexFunc(i.Runs, func(r Run) bool { return r.Ended.IsZero() && !r.DryRun && !r.ReadOnly })
	if n < 0 {
		return nil
	}
	return &i.Runs[n]
}
