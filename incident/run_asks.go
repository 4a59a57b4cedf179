package incident

import (
	"cmp"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// RunPages asks somebody to help, for a run.
func (i *Incident) RunPages(run string, t oncall.Target, why string, at, now time.Time) {
	r := i.run(run)
	if r == nil {
		return
	}
	problem := aimed("target", t)
	if n := len(i.open(ofKind(ForResponder))); problem == nil && n >= maxCalls {
		problem = Errorf(Refused, "too many are being asked to help already")
	}
	if problem != nil || i.Phase.Over() {
		i.RunNoted(run, "Nobody was paged: "+reasonOf(problem), at, now)
		return
	}
	i.record(Entry{
		Kind: "responder.asked", Occurred: at, Recorded: now, Actor: Self(), Source: run, Highlight: true,
		Text: r.Name + " asks " + t.String() + " to help: " + orNone(shorten(why, maxText)),
	})
	i.call(t, r.By, r.Name+" asks for your help: "+orNone(why), now)
}

func reasonOf(err error) string {
	if err == nil {
		return "the incident is over"
	}
	return err.Error()
}

// RunAddsFollowUp adds a follow-up, for a run.
func (i *Incident) RunAddsFollowUp(run string, c AddFollowUp, now time.Time) {
	r := i.run(run)
	if r == nil || i.Phase.Over() {
		return
	}
	if len(i.FollowUps) >= maxFollowUps {
		i.RunNoted(run, "No ticket was opened: there are too many follow-ups", now, now)
		return
	}
	if !slices.Contains([]catalog.Priority{catalog.High, catalog.Medium, catalog.Low}, c.Priority) {
		c.Priority = ""
	}
	c.Owner = cmp.Or(cut(c.Owner), i.Holder, i.leadOr(r.By))
	i.addFollowUp(Header{By: Self(), Via: run, At: now}, c, now)
}

// RunCalls starts another runbook that a run asks for. What cannot be started
// has ended at once.
func (i *Incident) RunCalls(parent, ask, name string, params map[string]string, now time.Time) {
	known := i.run(parent)
	asked := func(o Run) bool { return o.Parent == parent && o.Ask == cut(ask) }
	if known == nil || slices.ContainsFunc(i.Runs, asked) {
		return
	}
	r := *known // adding another may move it
	if err := first(i.mustBeOpen(), r.mayCall(), CheckStart(name, params), i.mayRun(name, false)); err != nil {
		i.refuseCall(r, cut(ask), cut(name), err, now)
		return
	}
	i.addRun(Run{Name: name, Params: params, By: r.By, Parent: parent, Ask: cut(ask), Started: now})
	i.record(Entry{Kind: "run.started", Recorded: now, Actor: Self(), Source: parent, Text: r.Name + " runs " + name + "."})
}

// mayCall refuses what another run would do for one that changes nothing: who
// started it, and what has it start by itself, relied on that.
func (r Run) mayCall() error {
	if r.ReadOnly || r.DryRun {
		return Errorf(Refused, "%s changes nothing, and has no other runbook run", r.Name)
	}
	return nil
}

// refuseCall keeps that a run was refused until the one that asked for it is
// told.
func (i *Incident) refuseCall(parent Run, ask, name string, why error, now time.Time) {
	i.pruneRuns()
	if len(i.Runs) >= maxRuns+maxRefused {
		i.RunNoted(parent.ID, "It asks for more runbooks than can be answered.", now, now)
		return
	}
	id := parent.ID + "/" + i.ordinal("refused")
	i.Runs = append(i.Runs, Run{ID: id, Name: name, By: parent.By, Parent: parent.ID, Ask: ask, State: RunRunning, Started: now})
	i.RunEnded(id, RunRefused, why.Error(), now)
}

// ToTellEnd returns a run that has ended and whose parent was not told.
func (i *Incident) ToTellEnd() *Run {
	for n := range i.Runs {
		if r := &i.Runs[n]; r.Parent != "" && !r.Ended.IsZero() && !r.Told {
			return r
		}
	}
	return nil
}

// EndTold notes that a parent was told of the end of a run.
func (i *Incident) EndTold(run string) {
	if r := i.run(run); r != nil {
		r.Told = true
	}
}
