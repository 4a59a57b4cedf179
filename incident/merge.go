package incident

import (
	"fmt"
	"slices"
	"time"
)

// Merging is a merge into another incident that a person asked for. Until the
// other one says that it has taken over, this one goes on as before.
type Merging struct {
	Into   string    `json:"into"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
	// Ordinal counts what the other one was told, Mark tells its last version
	// from others, and Taken is the last that it has taken.
	Ordinal int    `json:"ordinal,omitempty"`
	Mark    string `json:"mark,omitempty"`
	Taken   int    `json:"taken,omitempty"`
}

// MergeInto makes this incident a part of another one. It needs a reason and
// the policy's authority, as cancelling does: nobody is paged for this one any
// more, and everyone who was told is told. What its runs still do must have
// ended, since they report here.
//
// The merge is owed in Outbox.Merge until Merge or NotMerged.
func (i *Incident) MergeInto(h Header, c MergeInto, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "merge an incident")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeActive(), fit(word{"reason", c.Reason}), within("into", c.Into, maxTitle), i.canMerge(c)); err != nil {
		return Outcome{}, err
	}
	if err := i.mustHave(h, i.Duties().Authority.Cancel, "merge an incident"); err != nil {
		return Outcome{}, err
	}
	i.heard(h, now)
	i.Outbox.Merge = &Merging{Into: c.Into, By: h.By.ID, Reason: cut(c.Reason), At: now}
	i.did(h, now, "merging", "%s merges it into %s: %s", h.By.ID, c.Into, c.Reason)
	return i.outcome("it becomes part of " + c.Into + " as soon as that has taken over; paging goes on until then"), nil
}

// canMerge says what stands against a merge.
func (i *Incident) canMerge(c MergeInto) error {
	running := slices.IndexFunc(i.Runs, func(r Run) bool { return r.Ended.IsZero() })
	switch {
	case c.Into == "":
		return Errorf(Invalid, "into: say which incident goes on")
	case c.Into == i.Number:
		return Errorf(Invalid, "into: %s cannot become part of itself", i.Number)
	case c.Reason == "":
		return Refusal("merging needs a reason", "reason")
	case i.Outbox.Merge != nil:
		return Refusal(fmt.Sprintf("%s is being merged into %s already", i.Number, i.Outbox.Merge.Into), "the end of that merge")
	case len(i.Outbox.Splits) > 0:
		return Refusal("a split is under way", "the end of "+i.Outbox.Splits[0].ID)
	case i.absorbed(c.Into) != nil:
		return Refusal(fmt.Sprintf("%s is part of %s", c.Into, i.Number), "an incident that is not a part of this one")
	case running >= 0:
		return Refusal("a runbook is running, and reports here", theEnd(i.Runs[running]))
	}
	return nil
}

// Answered applies what the other incident says of a merge into it. A merge
// that it does not take is over, and this incident goes on as before.
func (i *Incident) Answered(a Absorption, now time.Time) {
	m := i.Outbox.Merge
	switch {
	case m == nil || m.Into != a.By || a.Ordinal > m.Ordinal:
	case a.Why != "":
		i.NotMerged(a.Why, now)
	case a.Ordinal > m.Taken:
		m.Taken = a.Ordinal
		i.Revision++
	}
}

// NotMerged ends a merge that the other incident cannot take. Nothing was
// stopped for it, and whoever asked for it hears why. What has cleared
// meanwhile counts now.
func (i *Incident) NotMerged(why string, now time.Time) {
	i.unmerge(why, now)
	i.clearedMeanwhile(now)
}

// clearedMeanwhile applies that all alerts cleared while a merge was owed.
func (i *Incident) clearedMeanwhile(now time.Time) {
	if i.Phase == Triggered && i.Counts.Alerts > 0 && !i.stands() && !i.Recovered {
		i.cleared(now)
	}
}

func (i *Incident) unmerge(why string, now time.Time) {
	m := i.Outbox.Merge
	if m == nil {
		return
	}
	i.Outbox.Merge = nil
	text := fmt.Sprintf("%s is not merged into %s: %s.", i.Number, m.Into, why)
	i.record(Entry{Kind: "not-merged", Recorded: now, Actor: Self(), Text: text, Highlight: true})
	i.tell(now, []string{m.By}, "", text)
}

// Merge ends an incident before resolved that another one holds the alerts of:
// paging stops, and everyone who was told is told where it goes on. A resolved
// one keeps its follow-ups and only leaves its alerts to the other; merging
// what is over changes nothing.
func (i *Incident) Merge(into string, now time.Time) {
	now = now.UTC()
	m := i.Outbox.Merge
	i.Outbox.Merge = nil
	if i.Phase.Over() {
		return
	}
	i.Into = into
	if i.Phase == Resolved {
		i.HoldsKey = false
		i.note(now, "key.left", "%s holds the alerts of %s from now on.", into, i.Number)
		return
	}
	public := fmt.Sprintf("%s is part of %s: go on there.", i.Number, into)
	text, by := public, Self()
	if m != nil {
		text, by = fmt.Sprintf("%s is part of %s (%s): go on there.", i.Number, into, m.Reason), Person(m.By)
		i.leaveFollowUps(into, now)
	}
	i.move(Merged, now, by, text)
	i.tell(now, i.involved(), by.ID, text)
	i.correct(now, public)
}

// MustStay says what is left that would be lost if the incident became a part of
// another one without a person, who can have it handed over, or nothing. What is
// resolved loses nothing by that.
func (i *Incident) MustStay() string {
	running := slices.IndexFunc(i.Runs, func(r Run) bool { return r.Ended.IsZero() && i.mayChange(r) })
	switch {
	case !i.Phase.Active():
		return ""
	case running >= 0:
		return theEnd(i.Runs[running])
	case slices.ContainsFunc(i.FollowUps, func(f FollowUp) bool { return f.State == FollowUpOpen }):
		return "its follow-ups, unless a person merges it: then they go along"
	}
	return ""
}

// Stays notes that another incident holds the alerts, and that this one becomes a
// part of it later.
func (i *Incident) Stays(into string, now time.Time) {
	text := fmt.Sprintf("%s holds the alerts of %s, which becomes part of it. That waits for %s.", into, i.Number, i.MustStay())
	i.record(Entry{Kind: "merging", Recorded: now, Actor: Self(), Text: text, Highlight: true})
	i.tell(now, []string{i.Holder}, "", text)
}

// leaveFollowUps marks what the other incident goes on with.
func (i *Incident) leaveFollowUps(into string, now time.Time) {
	for n := range i.FollowUps {
		if f := &i.FollowUps[n]; f.State == FollowUpOpen {
			f.State, f.Settled, f.Reason = FollowUpMoved, now, "goes on with "+into
		}
	}
}
