package incident

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// RunStuck records, once until it goes on, that no worker does a run, and why.
// The holder, or without one the leads, are paged about a run that may change
// something, and told of another; whoever started it is told.
func (i *Incident) RunStuck(run, why string, now time.Time) {
	r := i.run(run)
	if r == nil || r.Stuck || !r.Ended.IsZero() {
		return
	}
	r.Stuck = true
	text := r.Name + " does not go on: " + why
	i.record(Entry{Kind: "run.stuck", Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: text})
	public := fmt.Sprintf("%s: %s It can be aborted: that ends it where it stands", i.Number, text)
	to := i.inCharge()
	if !i.mayChange(*r) || len(to) == 0 {
		i.tell(now, append(slices.Clone(to), r.starter()), "", public)
		return
	}
	var targets []oncall.Target
	for _, person := range to {
		targets = append(targets, oncall.Target{Person: person})
	}
	i.summon(&Summons{
		Kind: ForBreach, Subject: run, Why: cut(public), Urgency: urgencyOrOrdinary(i.Urgency), Caused: now,
		Levels: []oncall.Level{{Targets: targets, Timeout: i.patience()}},
	})
	if !slices.Contains(to, r.starter()) {
		i.tell(now, []string{r.starter()}, "", public)
	}
}

// RunGoesOn notes that a worker does a run, whatever was said of it before.
func (i *Incident) RunGoesOn(run string, now time.Time) {
	if r := i.run(run); r != nil {
		i.goesOn(r, now)
	}
}

// CutOff ends a run whose incident is over, and hears no more of it.
func (i *Incident) CutOff(run string, now time.Time) {
	text := "with its incident"
	if r := i.run(run); r != nil && !r.DryRun && !r.ReadOnly {
		text += "; what it did may stand"
	}
	i.RunEnded(run, RunCancelled, text, now)
}

// goesOn ends what was said of a run that was stuck.
func (i *Incident) goesOn(r *Run, now time.Time) {
	if !r.Stuck {
		return
	}
	r.Stuck = false
	i.Revision++
	i.endAll(now, "", func(s *Summons) bool { return s.Kind == ForBreach && s.Subject == r.ID })
}

// GivenUp is how a run that no worker does ends, where somebody aborts it who was
// not heard; empty for any other. Nobody offers to undo what it did.
func (i *Incident) GivenUp(run string) string {
	r := i.run(run)
	if r == nil || r.Aborted == nil || !r.Ended.IsZero() {
		return ""
	}
	text := fmt.Sprintf("aborted by %s (%s), and ended where it stood, since no worker does it; ", r.Aborted.By, r.Aborted.Reason)
	switch {
	case r.Said == 0:
		return text + "it never said that it had begun"
	case r.DryRun || r.ReadOnly:
		return text + "it changes nothing"
	}
	return text + "nothing is undone, and what it did may stand: see what it said last"
}

// AbortUnbegun ends a run that somebody aborts before it was begun, and reports
// whether it is to be begun no more.
func (i *Incident) AbortUnbegun(run string, now time.Time) bool {
	r := i.run(run)
	if r == nil || r.Aborted == nil {
		return r == nil || !r.Ended.IsZero()
	}
	i.RunEnded(run, RunCancelled, fmt.Sprintf("aborted by %s (%s) before it began", r.Aborted.By, r.Aborted.Reason), now)
	return true
}

// starter is the person who started a run, or nobody.
func (r Run) starter() string {
	if r.By == ByPolicy {
		return ""
	}
	return r.By
}

// mayChange reports whether a run may change something, as far as it says itself,
// or the catalog does that offers it.
func (i *Incident) mayChange(r Run) bool {
	offered := func(o RunbookOffered) bool { return o.Name == r.Name && o.ReadOnly }
	return !r.DryRun && !r.ReadOnly && !slices.ContainsFunc(i.Runbooks, offered)
}

// theEnd is that of a run, as what something else waits for.
func theEnd(r Run) string {
	if r.Stuck {
		return "the end of " + r.ID + ", which no worker does: abort it"
	}
	return "the end of " + r.ID
}
