package incident

import (
	"fmt"
	"strings"
	"time"
)

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
	// Looked is set where a level was looked up.
	Looked *Looked `json:"looked,omitempty"`
}

// Undrained reports whether there are entries for the journal.
func (i *Incident) Undrained() bool { return len(i.entries) > 0 }

// Drain returns the entries made since the last call, for the journal.
func (i *Incident) Drain() []Entry {
	out := i.entries
	i.entries = nil
	return out
}

// record adds an entry to the timeline.
func (i *Incident) record(e Entry) {
	i.Sequence++
	i.Revision++
	e.Sequence, e.Recorded = i.Sequence, e.Recorded.UTC()
	if e.Occurred.IsZero() {
		e.Occurred = e.Recorded
	}
	e.Occurred = e.Occurred.UTC()
	if e.Actor.Kind == APerson {
		e.Role = i.RoleOf(e.Actor.ID)
	}
	i.entries = append(i.entries, e)
}

// note records something that Tocsin did or saw.
func (i *Incident) note(now time.Time, kind, format string, args ...any) {
	i.record(Entry{Kind: kind, Recorded: now, Actor: Self(), Text: fmt.Sprintf(format, args...)})
}

// did records what a command did, at the time of its tap.
func (i *Incident) did(h Header, now time.Time, kind, format string, args ...any) {
	i.record(Entry{
		Kind: kind, Occurred: h.At, Recorded: now, Actor: h.By, Source: h.Via,
		Text: fmt.Sprintf(format, args...), Highlight: true,
	})
}

// ordinal names the next thing of a kind: "alert-1", "alert-2".
func (i *Incident) ordinal(kind string) string {
	if i.Ordinals == nil {
		i.Ordinals = map[string]int{}
	}
	i.Ordinals[kind]++
	return fmt.Sprintf("%s-%d", kind, i.Ordinals[kind])
}

// TooLate records a tap that could not be applied any more.
func (i *Incident) TooLate(h Header, why string, now time.Time) {
	i.did(i.tapped(h, now), now, "too-late", "%s tapped acknowledge, but: %s", h.By.ID, why)
}

// PublishFailed records that something could not be told or written, for good.
func (i *Incident) PublishFailed(why string, now time.Time) {
	i.note(now, "publish.failed", "Could not be told or written: %s", cut(why))
}

func join(words []string) string { return strings.Join(words, ", ") }
