package incident

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Hatch is an escape hatch that a run opened: a service runs degraded rather
// than not at all, until somebody restores it.
type Hatch struct {
	// ID names what is degraded, unique among those that are open:
	// "unleash/checkout/recommendations".
	ID string `json:"id"`
	// What says what is degraded, Run which run opened it, By who started that.
	What string `json:"what"`
	Run  string `json:"run"`
	By   string `json:"by"`
	// Opened is when, Expires when somebody is asked about it.
	Opened  time.Time `json:"opened"`
	Expires time.Time `json:"expires"`
	// Asked says that it has expired, and people were.
	Asked bool `json:"asked,omitempty"`
	// FollowUp is the task to restore it.
	FollowUp string `json:"follow_up"`
	// Restored is when, and RestoredBy names the run that did it, the person who
	// says that it was done by hand, or the ticket that does.
	Restored   time.Time `json:"restored,omitzero"`
	RestoredBy string    `json:"restored_by,omitempty"`
}

// maxHatches bounds the escape hatches that are carried, the open ones and the
// latest.
const maxHatches = 20

// OpenHatch records that a run has opened an escape hatch, and adds the
// follow-up to restore it. One that is open already only expires later; one that
// was waived is degraded anew. One that does not say what is degraded is the one
// that the run has closed, and took that back.
func (i *Incident) OpenHatch(run string, h Hatch, now time.Time) {
	if h.What == "" {
		i.reopenHatch(run, h.ID, now)
		return
	}
	h.What = cut(h.What)
	if known := i.standing(h.ID); known != nil {
		known.Expires, known.Asked = later(known.Expires, h.Expires), false
		i.Revision++
		return
	}
	if why := i.cannotKeep(h); why != "" {
		i.record(Entry{
			Kind: "hatch.opened", Recorded: now, Actor: Self(), Source: run, Highlight: true,
			Text: fmt.Sprintf("Degraded: %s. Nothing waits for its restoring, since %s: restore it by hand.", h.What, why),
		})
		return
	}
	by := ByPolicy
	if r := i.run(run); r != nil {
		by = r.By
	}
	h.Run, h.By, h.Opened = run, by, now
	i.oweRestoring(&h, run, now)
	i.keepHatch(h)
	i.record(Entry{
		Kind: "hatch.opened", Recorded: now, Actor: Self(), Source: run, Highlight: true,
		Text: fmt.Sprintf("Degraded: %s, until it is restored; expires at %s.", h.What, h.Expires.UTC().Format("2006-01-02 15:04 MST")),
	})
}

// standing returns the open escape hatch with this ID, or nil. One that was waived
// makes room for another.
func (i *Incident) standing(id string) *Hatch {
	n := i.openHatch(id)
	if n < 0 {
		return nil
	}
	if known := &i.Hatches[n]; i.owed(known.FollowUp) {
		return known
	}
	i.Hatches = slices.Delete(i.Hatches, n, n+1)
	return nil
}

// cannotKeep says why an escape hatch cannot be carried, or nothing: a run that
// opens them without an end must not fill the state.
func (i *Incident) cannotKeep(h Hatch) string {
	switch {
	case within("id", h.ID, maxTitle) != nil:
		return "its name is too long"
	case i.unrestored() >= maxHatches, len(i.FollowUps) >= maxFollowUps+maxHatches:
		return "too much waits to be restored already"
	}
	return ""
}

// keepHatch carries an escape hatch, in the place of one that was restored where
// there are many.
func (i *Incident) keepHatch(h Hatch) {
	if len(i.Hatches) >= maxHatches {
		if n := slices.IndexFunc(i.Hatches, func(h Hatch) bool { return !h.Restored.IsZero() }); n >= 0 {
			i.Hatches = slices.Delete(i.Hatches, n, n+1)
		}
	}
	i.Hatches = append(i.Hatches, h)
}

// unrestored counts the escape hatches that are open, also those that were waived.
func (i *Incident) unrestored() int {
	n := 0
	for _, h := range i.Hatches {
		if h.Restored.IsZero() {
			n++
		}
	}
	return n
}

// oweRestoring adds the follow-up to restore what was degraded.
func (i *Incident) oweRestoring(h *Hatch, run string, now time.Time) {
	task := AddFollowUp{Title: "Restore what was degraded: " + h.What, Owner: cmp.Or(i.Holder, i.leadOr(h.By)), Priority: catalog.High, Due: h.Expires}
	if task.Due.Before(now) {
		task.Due = time.Time{}
	}
	h.FollowUp = i.addFollowUp(Header{By: Self(), Via: run, At: now}, task, now).ID
}

// owed reports whether a follow-up is still to be done.
func (i *Incident) owed(followUp string) bool {
	return slices.ContainsFunc(i.FollowUps, func(f FollowUp) bool { return f.ID == followUp && f.State == FollowUpOpen })
}

// RestoreHatch records that a run has restored what was degraded, and settles
// its follow-up where no tracker keeps it.
func (i *Incident) RestoreHatch(run, id string, now time.Time) {
	n := i.openHatch(id)
	if n < 0 {
		return
	}
	h := &i.Hatches[n]
	h.Restored, h.RestoredBy = now, run
	for f := range i.FollowUps {
		task := &i.FollowUps[f]
		if task.ID == h.FollowUp && task.State == FollowUpOpen && !i.Tracked {
			task.State, task.Settled, task.Reason = FollowUpDone, now, restoredBy(run)
		}
	}
	i.record(Entry{Kind: "hatch.restored", Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: "Restored: " + h.What + "."})
	i.clearedBefore(now)
}

// clearedBefore applies that all alerts had cleared while something was degraded,
// once nothing is any more.
func (i *Incident) clearedBefore(now time.Time) {
	if i.Phase == Triggered && i.Recovered && i.Provisional && !i.grave() && len(i.degraded()) == 0 && i.unsettled() == nil {
		i.Recovered = false
		i.clearedMeanwhile(now)
	}
}

// reopenHatch takes back what a run restored, with its follow-up.
func (i *Incident) reopenHatch(run, id string, now time.Time) {
	n := slices.IndexFunc(i.Hatches, func(h Hatch) bool { return h.ID == id && h.RestoredBy == run })
	if n < 0 || i.openHatch(id) >= 0 {
		return
	}
	h := &i.Hatches[n]
	h.Restored, h.RestoredBy, h.Asked = time.Time{}, "", false
	for f := range i.FollowUps {
		task := &i.FollowUps[f]
		if task.ID == h.FollowUp && task.State == FollowUpDone && task.Reason == restoredBy(run) {
			task.State, task.Settled, task.Reason = FollowUpOpen, time.Time{}, ""
		}
	}
	if !i.owed(h.FollowUp) { // its ticket was done meanwhile
		i.oweRestoring(h, run, now)
	}
	i.record(Entry{Kind: "hatch.opened", Recorded: now, Actor: Self(), Source: run, Highlight: true, Text: "Degraded again: " + h.What + "."})
}

func restoredBy(run string) string { return "restored by " + run }

// restoredByHand takes the word that a follow-up is done for what it is: that
// what was degraded is restored, by whom or by which ticket that is said.
func (i *Incident) restoredByHand(followUp, by string, e Entry) {
	for n := range i.Hatches {
		h := &i.Hatches[n]
		if h.FollowUp != followUp || !h.Restored.IsZero() {
			continue
		}
		h.Restored, h.RestoredBy = e.Recorded, by
		e.Kind, e.Highlight, e.Text = "hatch.restored", true, fmt.Sprintf("Restored by hand, as %s says: %s.", by, h.What)
		i.record(e)
	}
	i.clearedBefore(e.Recorded)
}

// openHatch is the place of an escape hatch that is open, or -1.
func (i *Incident) openHatch(id string) int {
	return slices.IndexFunc(i.Hatches, func(h Hatch) bool { return h.ID == id && h.Restored.IsZero() })
}

// degraded lists the escape hatches that are neither restored nor waived.
func (i *Incident) degraded() []Hatch {
	var out []Hatch
	for _, h := range i.Hatches {
		if h.Restored.IsZero() && i.owed(h.FollowUp) {
			out = append(out, h)
		}
	}
	return out
}

// toRestore lists what is to be restored, as what something else waits for.
func (i *Incident) toRestore() []string {
	var missing []string
	for _, h := range i.degraded() {
		missing = append(missing, fmt.Sprintf("the restoring of %s (done by hand: %s), or a waiver of that", h.What, i.settling(h.FollowUp)))
	}
	return missing
}

// settling says how a person settles a follow-up.
func (i *Incident) settling(followUp string) string {
	if f, err := i.followUp(followUp); err == nil && i.heldBy(f) != "" {
		return "follow-up " + followUp + ", done in " + i.heldBy(f)
	}
	return "complete follow-up " + followUp
}

// HatchDue returns when the next escape hatch expires, or the zero time.
func (i *Incident) HatchDue() time.Time {
	var due time.Time
	for _, h := range i.degraded() {
		if !h.Asked && !i.Phase.Over() && (due.IsZero() || h.Expires.Before(due)) {
			due = h.Expires
		}
	}
	return due
}

// ExpireHatch pages the holder, or without one the leads, about what has been
// degraded for longer than it was to be.
func (i *Incident) ExpireHatch(now time.Time) {
	for n := range i.Hatches {
		h := &i.Hatches[n]
		if h.Asked || !h.Restored.IsZero() || h.Expires.After(now) || !i.owed(h.FollowUp) {
			continue
		}
		h.Asked = true
		text := fmt.Sprintf("%s: still degraded: %s. Restore it (done by hand: %s), or have that waived", i.Number, h.What, i.settling(h.FollowUp))
		i.record(Entry{Kind: "hatch.expired", Recorded: now, Actor: Self(), Text: text + ".", Highlight: true})
		var targets []oncall.Target
		for _, person := range i.inCharge() {
			targets = append(targets, oncall.Target{Person: person})
		}
		if len(targets) > 0 {
			i.summon(&Summons{
				Kind: ForBreach, Why: text, Urgency: catalog.Ordinary, Caused: now, Levels: []oncall.Level{{Targets: targets, Timeout: i.patience()}},
			})
		}
	}
}

// inCharge are the people to ask what becomes of what a run did: the holder, or
// without one the leads.
func (i *Incident) inCharge() []string {
	if i.Holder != "" {
		return []string{i.Holder}
	}
	return i.Policy.Leads
}

// leadOr is whom a task falls to without a holder.
func (i *Incident) leadOr(person string) string {
	if len(i.Policy.Leads) > 0 && person == ByPolicy {
		return i.Policy.Leads[0]
	}
	return person
}
