package incident

import "time"

// Updates is the state of the status updates of an incident.
type Updates struct {
	// Sent counts them; the first opens the mail thread.
	Sent int `json:"sent"`
	// Due is when the next one is owed; zero while none is.
	Due time.Time `json:"due,omitzero"`
	// Reminded says that the writer was reminded of the one that is due.
	Reminded bool `json:"reminded,omitempty"`
	// Last is the last one that a person wrote.
	Last *StatusUpdate `json:"last,omitempty"`
	// Heard lists the audiences that got at least one: the closing mail goes
	// to exactly them.
	Heard []string `json:"heard,omitempty"`
}

// StatusUpdate is one message to audiences.
type StatusUpdate struct {
	Ordinal int `json:"ordinal"`
	// What happens, and what is being done, in a person's words.
	What  string `json:"what"`
	Doing string `json:"doing"`
	// Estimate is when it is expected to be over; zero means unknown.
	Estimate time.Time `json:"estimate,omitzero"`
	By       string    `json:"by,omitempty"`
	At       time.Time `json:"at"`
	// Next is when the next one comes; zero when none does.
	Next      time.Time `json:"next,omitzero"`
	Audiences []string  `json:"audiences"`
	// Kind is human, automatic, correction or closing.
	Kind UpdateKind `json:"kind"`
	// Late marks one that an outage of ours delayed.
	Late bool `json:"late,omitempty"`
}

// UpdateKind says where an update's words came from.
type UpdateKind string

// The kinds of status update.
const (
	HumanUpdate      UpdateKind = "human"
	AutomaticUpdate  UpdateKind = "automatic"
	CorrectionUpdate UpdateKind = "correction"
	ClosingUpdate    UpdateKind = "closing"
)
