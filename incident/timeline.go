package incident

import "time"

// ActorKind tells people, machines and Tocsin itself apart.
type ActorKind string

// The kinds of actor.
const (
	APerson  ActorKind = "person"
	AMachine ActorKind = "machine"
	Tocsin   ActorKind = "tocsin"
)

// Actor is whoever did something: always somebody that can be named.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// Person returns the actor for a person's id.
func Person(id string) Actor { return Actor{Kind: APerson, ID: id} }

// Machine returns the actor for a machine's id.
func Machine(id string) Actor { return Actor{Kind: AMachine, ID: id} }

// Self is Tocsin acting by a policy.
func Self() Actor { return Actor{Kind: Tocsin} }

// Entry is one line of the timeline: append-only and ordered by Sequence.
type Entry struct {
	Sequence int `json:"sequence"`
	// Kind is a stable word such as "acknowledged" or "page.sent".
	Kind string `json:"kind"`
	// Occurred is when it happened; Recorded when the incident learnt it.
	Occurred time.Time `json:"occurred_at"`
	Recorded time.Time `json:"recorded_at"`
	Actor    Actor     `json:"actor"`
	// Role is what the actor was on the incident then.
	Role Role `json:"role,omitempty"`
	// Source says through what it came: api, link, cli, alertmanager, runbook.
	Source string `json:"source,omitempty"`
	Text   string `json:"text"`
	// Highlight marks what the ticket and a reader in a hurry should see.
	Highlight bool `json:"highlight,omitempty"`
	Redacted  bool `json:"redacted,omitempty"`
}

// Drain returns the entries made since the last call, for the journal.
func (i *Incident) Drain() []Entry {
	out := i.entries
	i.entries = nil
	return out
}
