package incident

import (
	"fmt"
	"slices"
	"time"
)

// Ticket is what the tracker should show for an incident or a follow-up. The
// tracker writes only Tocsin's own block and the named fields.
type Ticket struct {
	// Label is unique to this ticket and is set when it is created, so that
	// one whose creation was not recorded can be found again.
	Label   string `json:"label"`
	Project string `json:"project"`
	Type    string `json:"type"`
	Summary string `json:"summary"`
	// Block is the text kept current between Tocsin's marks, in Markdown.
	Block string `json:"block"`
	// Priority, Due and Assignee are written when they are set.
	Priority string    `json:"priority,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	Assignee string    `json:"assignee,omitempty"`
	// Parent is the ticket this one is linked to.
	Parent TicketRef `json:"parent,omitzero"`
	// Done asks for a transition to the done category.
	Done bool `json:"done,omitempty"`
}

// TicketRef names a ticket that exists. ID stays the same when it is moved.
type TicketRef struct {
	ID  string `json:"id,omitempty"`
	Key string `json:"key,omitempty"`
}

// TicketStatus is what the tracker says of a ticket.
type TicketStatus struct {
	Ref TicketRef `json:"ref"`
	// Found is false for a ticket that was deleted or cannot be read.
	Found bool `json:"found"`
	// Done says that its status category is done.
	Done       bool   `json:"done"`
	Status     string `json:"status,omitempty"`
	Resolution string `json:"resolution,omitempty"`
}

// Ticketed records the tickets of the incident and of its follow-ups.
func (i *Incident) Ticketed(ref TicketRef, followUps map[string]TicketRef) {
	if i.Ticket == ref && len(followUps) == 0 {
		return
	}
	i.Ticket = ref
	for n := range i.FollowUps {
		if t, ok := followUps[i.FollowUps[n].ID]; ok {
			i.FollowUps[n].Ticket = t
		}
	}
	i.Revision++
}

// Track notes whether a tracker keeps the tickets of this incident: whether
// one is configured, and the policy names a project of it.
func (i *Incident) Track(tracker bool) {
	if tracked := tracker && i.Policy.Ticket.Project != ""; tracked != i.Tracked {
		i.Tracked = tracked
		i.Revision++
	}
}

// TicketWanted reports whether the incident has a ticket, or is to have one.
func (i *Incident) TicketWanted() bool { return i.Ticket.ID != "" || i.Response().Ticket }

// TicketSaid applies what the tracker says of a follow-up: done with a
// resolution on the configured list settles it, anything else leaves it open.
// Of the incident's own ticket it only reminds.
func (i *Incident) TicketSaid(s TicketStatus, now time.Time) {
	if s.Ref.ID == "" || i.Phase.Over() {
		return
	}
	if s.Ref.ID == i.Ticket.ID {
		i.ownTicketSaid(s, now)
	}
	for n := range i.FollowUps {
		if f := &i.FollowUps[n]; f.Ticket.ID == s.Ref.ID && f.State == FollowUpOpen {
			i.followUpSaid(f, s, now)
		}
	}
}

// ownTicketSaid reminds whoever is in charge, once a change, that moving the
// ticket to done does not close the incident.
func (i *Incident) ownTicketSaid(s TicketStatus, now time.Time) {
	if s.Ref.Key != "" && i.Ticket.Key != s.Ref.Key {
		i.Ticket.Key = s.Ref.Key
		i.Revision++
	}
	done := s.Found && s.Done
	if done == i.TicketDone {
		return
	}
	i.TicketDone = done
	if !done {
		i.note(now, "ticket.reopened", "The ticket %s is not done any more.", i.Ticket.Key)
		return
	}
	text := fmt.Sprintf("The ticket %s was moved to done, but %s is %s: it closes by its own gates.", i.Ticket.Key, i.Number, i.Phase)
	i.note(now, "ticket.done", "%s", text)
	i.tell(now, []string{i.Holder, i.Roles[Commander]}, "", text)
}

func (i *Incident) followUpSaid(f *FollowUp, s TicketStatus, now time.Time) {
	said := cut(seen(s))
	if s.Ref.Key != "" && f.Ticket.Key != s.Ref.Key {
		f.Ticket.Key = s.Ref.Key
		i.Revision++
	}
	if s.Found && s.Done && slices.Contains(i.Policy.DoneResolutions, s.Resolution) {
		f.State, f.Settled, f.Seen = FollowUpDone, now, said
		i.record(Entry{Kind: "follow-up.done", Recorded: now, Actor: Self(), Source: "jira", Highlight: true, Text: fmt.Sprintf("Follow-up %s is done: %s is %s.", f.ID, f.Ticket.Key, said)})
		i.restoredByHand(f.ID, f.Ticket.Key, Entry{Recorded: now, Actor: Self(), Source: "jira"})
		return
	}
	if f.Seen != said {
		f.Seen = said
		i.note(now, "follow-up.seen", "Follow-up %s stays open: %s is %s.", f.ID, f.Ticket.Key, said)
	}
}

func seen(s TicketStatus) string {
	switch {
	case !s.Found:
		return "deleted or cannot be read; waive it if it is not needed"
	case s.Done:
		return fmt.Sprintf("%s with resolution %q", s.Status, s.Resolution)
	}
	return s.Status
}
