package incident

import (
	"slices"
	"time"

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
		Text: r.Name + " asks " + t.String() + " to help: " + orNone(why),
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
	if c.Owner == "" {
		c.Owner = i.leadOr(r.By)
		if i.Holder != "" {
			c.Owner = i.Holder
		}
	}
	i.addFollowUp(Header{By: Self(), Via: run, At: now}, c, now)
}

// RunCalls starts another runbook that a run asks for. What cannot be started
// has ended at once.
func (i *Incident) RunCalls(parent, ask, name string, params map[string]string, now time.Time) {
	r := i.run(parent)
	asked := func(o Run) bool { return o.Parent == parent && o.Ask == ask }
	if r == nil || slices.ContainsFunc(i.Runs, asked) {
		return
	}
	err := first(i.mustBeOpen(), within("name", name, maxTitle), small(params), i.mayRun(name, false))
	child := i.addRun(Run{Name: name, Params: params, By: r.By, Parent: parent, Ask: ask, Started: now})
	if err != nil {
		i.RunEnded(child.ID, RunRefused, err.Error(), now)
		return
	}
	i.record(Entry{Kind: "run.started", Recorded: now, Actor: Self(), Source: parent, Text: r.Name + " runs " + name + "."})
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
