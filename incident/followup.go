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
	// State is open, done or waived.
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
)

// Closing holds the facts that the closure gates look at.
type Closing struct {
	// Collected is when a person confirmed that follow-ups are collected.
	Collected   time.Time `json:"collected,omitzero"`
	CollectedBy string    `json:"collected_by,omitempty"`
	// Fix is the fixing change; Shortcut says why there is none yet.
	Fix      string `json:"fix,omitempty"`
	Shortcut string `json:"shortcut,omitempty"`
	// Confirmations maps what was confirmed to who confirmed it.
	Confirmations map[string]string `json:"confirmations,omitempty"`
}

// Gate is one named condition that closing waits for.
type Gate struct {
	Name string `json:"name"`
	Met  bool   `json:"met"`
	// Missing says in words what is still to be done.
	Missing string `json:"missing,omitempty"`
}

// DefaultCollectWithin is how long an incident that needs no confirmation
// waits for follow-ups after it was resolved.
const DefaultCollectWithin = 24 * time.Hour

// AddFollowUp adds a task that closing waits for. Anyone may, until the
// incident is closed; its due date follows the policy when none is given.
func (i *Incident) AddFollowUp(h Header, c AddFollowUp, now time.Time) (Outcome, error) {
	switch {
	case i.Phase.Over():
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s: open a new incident that links to it", i.Number, i.Phase), "an open incident")
	case c.Title == "":
		return Outcome{}, Errorf(Invalid, "title: say what is to be done")
	case c.Priority != "" && !slices.Contains([]catalog.Priority{catalog.High, catalog.Medium, catalog.Low}, c.Priority):
		return Outcome{}, Errorf(Invalid, "priority: %q is not high, medium or low", c.Priority)
	}
	i.heard(h, now)
	f := i.addFollowUp(h, c, now)
	out := i.outcome("follow-up " + f.ID + " added; closing waits for it")
	out.ID = f.ID
	return out, nil
}

func (i *Incident) addFollowUp(h Header, c AddFollowUp, now time.Time) FollowUp {
	f := FollowUp{
		ID: strings.TrimPrefix(i.ordinal("follow-up"), "follow-up-"), Title: c.Title, Owner: cmp.Or(c.Owner, i.Holder, h.By.ID),
		Priority: cmp.Or(c.Priority, catalog.Medium), Due: c.Due, Added: now, By: h.By.ID, State: FollowUpOpen,
	}
	if f.Due.IsZero() {
		f.Due = now.Add(cmp.Or(i.Duties().Closing.Due[f.Priority], 30*24*time.Hour))
	}
	i.FollowUps = append(i.FollowUps, f)
	i.did(h, now, "follow-up.added", "Follow-up %s for %s until %s: %s", f.ID, f.Owner, f.Due.UTC().Format(time.DateOnly), f.Title)
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
// only the tracker can say so.
func (i *Incident) CompleteFollowUp(h Header, c CompleteFollowUp, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "complete a follow-up"); err != nil {
		return Outcome{}, err
	}
	f, err := i.followUp(c.ID)
	if err != nil {
		return Outcome{}, err
	}
	if f.Ticket.Key != "" {
		return Outcome{}, Refusal("the tracker holds this follow-up", "done in "+f.Ticket.Key)
	}
	i.heard(h, now)
	f.State, f.Settled, f.SettledBy, f.Reason = FollowUpDone, now, h.By.ID, c.Text
	i.did(h, now, "follow-up.done", "Follow-up %s is done: %s", f.ID, f.Title)
	return i.outcome("done"), nil
}

// WaiveFollowUp lets the incident close without a task. It takes a reason and
// an authority that the policy names, and that is not the task's owner.
func (i *Incident) WaiveFollowUp(h Header, c WaiveFollowUp, now time.Time) (Outcome, error) {
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
	f.State, f.Settled, f.SettledBy, f.Reason = FollowUpWaived, now, h.By.ID, c.Reason
	i.did(h, now, "follow-up.waived", "Follow-up %s is waived: %s", f.ID, c.Reason)
	return i.outcome("waived"), nil
}

// TicketSaid applies what the tracker says of a follow-up: done with a
// resolution on the configured list settles it, anything else leaves it open.
func (i *Incident) TicketSaid(s TicketStatus, now time.Time) {
	for n := range i.FollowUps {
		f := &i.FollowUps[n]
		if f.Ticket.ID == "" || f.Ticket.ID != s.Ref.ID || f.State != FollowUpOpen {
			continue
		}
		said := i.seen(s)
		if s.Ref.Key != "" {
			f.Ticket.Key = s.Ref.Key
		}
		if s.Found && s.Done && slices.Contains(i.Policy.DoneResolutions, s.Resolution) {
			f.State, f.Settled = FollowUpDone, now
			i.record(Entry{Kind: "follow-up.done", Recorded: now, Actor: Self(), Source: "jira", Highlight: true, Text: fmt.Sprintf("Follow-up %s is done: %s is %s.", f.ID, f.Ticket.Key, said)})
			continue
		}
		if f.Seen != said {
			f.Seen = said
			i.note(now, "follow-up.seen", "Follow-up %s stays open: %s is %s.", f.ID, f.Ticket.Key, said)
		}
	}
}

func (i *Incident) seen(s TicketStatus) string {
	switch {
	case !s.Found:
		return "deleted or cannot be read; waive it if it is not needed"
	case s.Done:
		return fmt.Sprintf("%s with resolution %q", s.Status, s.Resolution)
	}
	return s.Status
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
// reminder on, the leads of the team.
func (i *Incident) RemindOverdue(now time.Time) {
	for n := range i.FollowUps {
		f := &i.FollowUps[n]
		if f.State != FollowUpOpen || now.Before(f.Due.Add(time.Duration(f.Reminded)*24*time.Hour)) {
			continue
		}
		to := []string{f.Owner}
		if f.Reminded > 0 {
			to = append(to, i.Policy.Leads...)
		}
		days := int(now.Sub(f.Due)/(24*time.Hour)) + 1
		f.Reminded = days
		i.note(now, "follow-up.overdue", "Follow-up %s is overdue (%s).", f.ID, f.Owner)
		i.tell(now, to, "", fmt.Sprintf("Follow-up %s of %s is overdue: %s", f.ID, i.Number, f.Title))
	}
}

// ConfirmCollected says that all follow-ups are written down.
func (i *Incident) ConfirmCollected(h Header, _ ConfirmCollected, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "confirm that follow-ups are collected"); err != nil {
		return Outcome{}, err
	}
	if i.Phase != Resolved {
		return Outcome{}, Refusal(fmt.Sprintf("%s is %s", i.Number, i.Phase), "resolved")
	}
	i.Closing.Collected, i.Closing.CollectedBy = now, h.By.ID
	i.did(h, now, "follow-ups.collected", "%s confirms that all follow-ups are collected.", h.By.ID)
	return i.outcome("confirmed"), nil
}

// Gates lists what closing waits for, met or not.
func (i *Incident) Gates(now time.Time) []Gate {
	gates := []Gate{{Name: "resolved", Met: i.Phase == Resolved, Missing: "resolve it"}, i.stableGate(now), i.collectedGate(now)}
	for _, f := range i.FollowUps {
		gates = append(gates, Gate{
			Name: "follow-up " + f.ID, Met: f.State != FollowUpOpen,
			Missing: fmt.Sprintf("follow-up %s (%s) %s", f.ID, f.Owner, cmp.Or(f.Ticket.Key, f.Title)),
		})
	}
	for _, r := range i.Runs {
		gates = append(gates, Gate{Name: r.ID, Met: !r.Ended.IsZero(), Missing: "the end of " + r.ID})
	}
	return gates
}

func (i *Incident) stableGate(now time.Time) Gate {
	at := i.Stabilised()
	return Gate{
		Name: "stabilised", Met: !at.IsZero() && !now.Before(at),
		Missing: "the stabilisation window, until " + orNever(at),
	}
}

func (i *Incident) collectedGate(now time.Time) Gate {
	duties := i.Duties().Closing
	if duties.Collected || !i.Closing.Collected.IsZero() {
		return Gate{Name: "follow-ups collected", Met: !i.Closing.Collected.IsZero(), Missing: "a person's word that follow-ups are collected"}
	}
	at := i.after(ResolvedAt, cmp.Or(duties.CollectWithin, DefaultCollectWithin))
	return Gate{
		Name: "follow-ups collected", Met: !at.IsZero() && !now.Before(at),
		Missing: "time to collect follow-ups, until " + orNever(at),
	}
}

// Unmet lists in words what closing still waits for.
func (i *Incident) Unmet(now time.Time) []string {
	var missing []string
	for _, g := range i.Gates(now) {
		if !g.Met {
			missing = append(missing, g.Missing)
		}
	}
	return missing
}

// NextGate returns when a gate opens by itself, or the zero time.
func (i *Incident) NextGate(now time.Time) time.Time {
	var next time.Time
	for _, at := range []time.Time{i.Stabilised(), i.after(ResolvedAt, cmp.Or(i.Duties().Closing.CollectWithin, DefaultCollectWithin))} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// Close asks for closing; it is refused with the gates that are not met. The
// incident closes by itself when they are.
func (i *Incident) Close(h Header, _ Close, now time.Time) (Outcome, error) {
	if err := i.mustBePerson(h, "ask for closing"); err != nil {
		return Outcome{}, err
	}
	if missing := i.Unmet(now); len(missing) > 0 {
		return Outcome{}, Refusal(i.Number+" cannot close yet", missing...)
	}
	return i.outcome("closing"), nil
}

// Finish closes the incident; every gate must be met.
func (i *Incident) Finish(now time.Time) {
	i.stamp(ClosedAt, now)
	i.move(Closed, now, Self(), "Closed: every gate is met.")
}
