package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// FollowUp is a task that must be done before the incident can close.
type FollowUp struct {
	// ID is unique in the incident: "1", "2".
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Owner    string           `json:"owner"`
	Priority catalog.Priority `json:"priority"`
	Due      time.Time        `json:"due"`
	Added    time.Time        `json:"added"`
	By       string           `json:"by"`
	Ticket   TicketRef        `json:"ticket,omitzero"`
	// From names the follow-up of another incident that this one goes on with:
	// "INC-7/2".
	From string `json:"from,omitempty"`
	// State is open, done, waived or moved.
	State   FollowUpState `json:"state"`
	Settled time.Time     `json:"settled,omitzero"`
	// SettledBy is who completed or waived it; empty when the tracker said so.
	SettledBy string `json:"settled_by,omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Seen is what the tracker last said of it, in words.
	Seen string `json:"seen,omitempty"`
	// Reminded counts the reminders since it became overdue.
	Reminded int `json:"reminded,omitempty"`
}

// FollowUpState says whether a follow-up still blocks closing.
type FollowUpState string

// The states of a follow-up.
const (
	FollowUpOpen   FollowUpState = "open"
	FollowUpDone   FollowUpState = "done"
	FollowUpWaived FollowUpState = "waived"
	// FollowUpMoved goes on with the incident that this one was merged into.
	FollowUpMoved FollowUpState = "moved"
)

const (
	// maxFollowUps bounds the follow-ups of one incident.
	maxFollowUps = 60
	// defaultDue is how long a follow-up may take where no policy says so.
	defaultDue = 30 * 24 * time.Hour
)

// AddFollowUp adds a task that closing waits for. Anyone may, until the
// incident is closed. Without an owner it is the holder's; its due date
// follows the policy when none is given.
func (i *Incident) AddFollowUp(h Header, c AddFollowUp, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "add a follow-up")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), within("title", c.Title, maxTitle), within("owner", c.Owner, maxTitle)); err != nil {
		return Outcome{}, err
	}
	switch {
	case c.Title == "":
		return Outcome{}, Errorf(Invalid, "title: say what is to be done")
	case c.Priority != "" && !slices.Contains([]catalog.Priority{catalog.High, catalog.Medium, catalog.Low}, c.Priority):
		return Outcome{}, Errorf(Invalid, "priority: %q is not high, medium or low", c.Priority)
	case !c.Due.IsZero() && c.Due.Before(now):
		return Outcome{}, Errorf(Invalid, "due: it lies in the past")
	case len(i.FollowUps) >= maxFollowUps:
		return Outcome{}, Refusal(fmt.Sprintf("%s has %d follow-ups already", i.Number, maxFollowUps), "room for a follow-up: gather some in one")
	}
	i.heard(h, now)
	f := i.addFollowUp(h, c, now)
	out := i.outcome("follow-up " + f.ID + " added; closing waits for it")
	out.ID = f.ID
	return out, nil
}

func (i *Incident) addFollowUp(h Header, c AddFollowUp, now time.Time) FollowUp {
	f := FollowUp{
		ID: strings.TrimPrefix(i.ordinal("follow-up"), "follow-up-"), Title: cut(c.Title), Owner: cmp.Or(c.Owner, i.Holder, h.By.ID),
		Priority: cmp.Or(c.Priority, catalog.Medium), Due: c.Due.UTC(), Added: now, By: h.By.ID, State: FollowUpOpen,
	}
	if f.Due.IsZero() {
		f.Due = now.Add(cmp.Or(i.Duties().Closing.Due[f.Priority], defaultDue))
	}
	i.FollowUps = append(i.FollowUps, f)
	i.did(h, now, "follow-up.added", "Follow-up %s for %s until %s: %s", f.ID, f.Owner, moment(f.Due), f.Title)
	return f
}

// followUp returns the open follow-up with this id.
func (i *Incident) followUp(id string) (*FollowUp, error) {
	n := slices.IndexFunc(i.FollowUps, func(f FollowUp) bool { return f.ID == id })
	if n < 0 {
		return nil, Errorf(NotFound, "%s has no follow-up %q", i.Number, id)
	}
	if f := &i.FollowUps[n]; f.State == FollowUpOpen {
		return f, nil
	}
	return nil, Refusal(fmt.Sprintf("follow-up %s is %s already", id, i.FollowUps[n].State), "an open follow-up")
}

// CompleteFollowUp says that a task is done. Where a tracker holds the task
// only the tracker can say so, and it is refused before there is a ticket too.
// Of what an escape hatch left degraded it says that it was restored by hand.
func (i *Incident) CompleteFollowUp(h Header, c CompleteFollowUp, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "complete a follow-up")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"text", c.Text})); err != nil {
		return Outcome{}, err
	}
	f, err := i.followUp(c.ID)
	if err != nil {
		return Outcome{}, err
	}
	if ticket := i.heldBy(f); ticket != "" {
		return Outcome{}, Refusal("the tracker holds this follow-up", "done in "+ticket)
	}
	i.heard(h, now)
	f.State, f.Settled, f.SettledBy, f.Reason = FollowUpDone, now, h.By.ID, cut(c.Text)
	i.did(h, now, "follow-up.done", "Follow-up %s is done: %s%s", f.ID, f.Title, because(c.Text))
	i.restoredByHand(f.ID, h.By.ID, Entry{Occurred: h.At, Recorded: now, Actor: h.By, Source: h.Via})
	return i.outcome("done"), nil
}

// heldBy names the ticket that says whether a follow-up is done, or nothing
// where people do.
func (i *Incident) heldBy(f *FollowUp) string {
	if f.Ticket.Key != "" || (i.Tracked && i.TicketWanted()) {
		return cmp.Or(f.Ticket.Key, "the ticket that it is about to get")
	}
	return ""
}

// WaiveFollowUp lets the incident close without a task. It takes a reason and
// an authority that the policy names, and that is not the task's owner.
func (i *Incident) WaiveFollowUp(h Header, c WaiveFollowUp, now time.Time) (Outcome, error) {
	h, now, err := i.byPerson(h, now, "waive a follow-up")
	if err != nil {
		return Outcome{}, err
	}
	if err := first(i.mustBeOpen(), fit(word{"reason", c.Reason})); err != nil {
		return Outcome{}, err
	}
	f, err := i.followUp(c.ID)
	if err != nil {
		return Outcome{}, err
	}
	if c.Reason == "" {
		return Outcome{}, Refusal("waiving needs a reason", "reason")
	}
	if err := i.mustHave(h, i.Duties().Authority.Waive, "waive a follow-up"); err != nil {
		return Outcome{}, err
	}
	if f.Owner == h.By.ID {
		return Outcome{}, Errorf(Forbidden, "%s owns follow-up %s; somebody else must waive it", f.Owner, f.ID)
	}
	i.heard(h, now)
	f.State, f.Settled, f.SettledBy, f.Reason = FollowUpWaived, now, h.By.ID, cut(c.Reason)
	i.did(h, now, "follow-up.waived", "Follow-up %s is waived: %s", f.ID, c.Reason)
	i.clearedBefore(now)
	return i.outcome("waived"), nil
}

// NextOverdue returns when the next reminder of an overdue follow-up is due,
// or the zero time: the owner hears first, from the second day on the team.
func (i *Incident) NextOverdue() time.Time {
	var next time.Time
	for _, f := range i.FollowUps {
		if f.State != FollowUpOpen || i.Phase.Over() {
			continue
		}
		at := f.Due.Add(time.Duration(f.Reminded) * 24 * time.Hour)
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// RemindOverdue tells the owners of overdue follow-ups and, from the second
// day on, the leads of the team, or whoever was involved where it has none.
// What an outage of ours missed collapses into one reminder.
func (i *Incident) RemindOverdue(now time.Time) {
	for n := range i.FollowUps {
		f := &i.FollowUps[n]
		if f.State != FollowUpOpen || now.Before(f.Due.Add(time.Duration(f.Reminded)*24*time.Hour)) {
			continue
		}
		to := []string{f.Owner}
		switch {
		case f.Reminded == 0:
		case len(i.Policy.Leads) > 0:
			to = append(to, i.Policy.Leads...)
		default:
			to = append(to, i.involved()...)
		}
		days := int(now.Sub(f.Due)/(24*time.Hour)) + 1
		f.Reminded = days
		i.note(now, "follow-up.overdue", "Follow-up %s is overdue (%s).", f.ID, f.Owner)
		i.tell(now, to, "", fmt.Sprintf("Follow-up %s of %s is overdue: %s", f.ID, i.Number, f.Title))
	}
}
