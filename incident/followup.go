package incident

import (
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
