package incident

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Absorb is what an incident hands over to the one that it is merged into:
// everything that must not be lost with it.
type Absorb struct {
	From string `json:"from"`
	// Ordinal counts the versions: what changes before the merge is done is
	// handed over again.
	Ordinal int    `json:"ordinal"`
	Title   string `json:"title"`
	Drill   bool   `json:"drill,omitempty"`
	Storm   bool   `json:"storm,omitempty"`
	// Keyed says that alerts find it by a key.
	Keyed bool `json:"keyed,omitempty"`

	Urgency     catalog.Urgency `json:"urgency"`
	Severity    catalog.Level   `json:"severity"`
	Provisional bool            `json:"provisional,omitempty"`
	Highest     catalog.Level   `json:"highest,omitempty"`
	Impact      Impact          `json:"impact,omitzero"`

	Triggered     time.Time `json:"triggered"`
	ImpactStarted time.Time `json:"impact_started,omitzero"`
	FirstAck      time.Time `json:"first_ack,omitzero"`

	// Working says that it is not mitigated yet, Held that nobody was told yet.
	Working bool `json:"working,omitempty"`
	Held    bool `json:"held,omitempty"`
	// Unanswered says that somebody must still be reached about it, for what
	// arose at Cause.
	Unanswered bool      `json:"unanswered,omitempty"`
	Cause      time.Time `json:"cause,omitzero"`

	Holder     string   `json:"holder,omitempty"`
	Commander  string   `json:"commander,omitempty"`
	Responders []string `json:"responders,omitempty"`

	Alerts    []AlertState     `json:"alerts,omitempty"`
	More      int              `json:"more,omitempty"`
	Affected  []string         `json:"affected,omitempty"`
	Links     []catalog.Link   `json:"links,omitempty"`
	Runbooks  []RunbookOffered `json:"runbooks,omitempty"`
	FollowUps []FollowUp       `json:"follow_ups,omitempty"`
	// Hatches are the escape hatches that somebody must still restore.
	Hatches []Hatch `json:"hatches,omitempty"`

	// By is the person who merges, and Reason why.
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// Absorption is the answer to an Absorb.
type Absorption struct {
	// By is the incident that answers, To the one that asked.
	By      string `json:"by"`
	To      string `json:"to"`
	Ordinal int    `json:"ordinal"`
	// Why says why it was not taken; empty when it was.
	Why string `json:"why,omitempty"`
}

// Absorbed remembers an incident that was merged into this one.
type Absorbed struct {
	Number string `json:"number"`
	// Ordinal is the last version that was taken, and the rest what that said;
	// At is when the merge was asked for.
	Ordinal int       `json:"ordinal"`
	At      time.Time `json:"at"`
	Working bool      `json:"working,omitempty"`
	Holder  string    `json:"holder,omitempty"`
	Cause   time.Time `json:"cause,omitzero"`
	More    int       `json:"more,omitempty"`
}

// Parting returns what the incident that this one is merged into must be told,
// and whether that has changed since it was told last. Where it has not, and
// was taken, nothing stands against Merge. It is only to be called while a
// merge is owed.
func (i *Incident) Parting() (a Absorb, changed bool) {
	m := i.Outbox.Merge
	a = i.parting()
	if mark := markOf(a); mark != m.Mark {
		i.ordinal("parting")
		m.Ordinal, m.Mark, changed = i.Ordinals["parting"], mark, true
		i.Revision++
	}
	a.Ordinal = m.Ordinal
	return a, changed
}

func (i *Incident) parting() Absorb {
	m := i.Outbox.Merge
	working := i.Phase == Triggered || i.Phase == Triaging || i.Phase == Mitigating
	a := Absorb{
		From: i.Number, Title: i.Title, Drill: i.Drill, Storm: i.Storm, Keyed: i.keyed(),
		Urgency: i.Urgency, Severity: i.Severity, Provisional: i.Provisional, Highest: i.Highest, Impact: i.Impact,
		Triggered: i.Stamp(TriggeredAt), ImpactStarted: i.Stamp(ImpactStarted), FirstAck: i.Stamp(FirstAck),
		Working: working, Held: i.Held,
		Holder: i.Holder, Commander: i.Roles[Commander], Responders: slices.Clone(i.Responders),
		Alerts: slices.Clone(i.Alerts), More: i.Counts.More, Affected: slices.Clone(i.Affected),
		Links: slices.Clone(i.Links), Runbooks: slices.Clone(i.Runbooks),
		Hatches: i.degraded(), By: m.By, Reason: m.Reason, At: m.At,
	}
	if a.Unanswered = working && i.pages() && (i.Holder == "" || len(i.escalations()) > 0); a.Unanswered {
		a.Cause = i.Stamp(TriggeredAt)
		for _, s := range i.escalations() {
			a.Cause = later(a.Cause, s.Caused)
		}
	}
	for _, r := range []Role{Deputy, Scribe, Communications, Investigator} {
		if p := i.Roles[r]; p != "" && !slices.Contains(a.Responders, p) {
			a.Responders = append(a.Responders, p)
		}
	}
	for _, f := range i.FollowUps {
		if f.State == FollowUpOpen {
			a.FollowUps = append(a.FollowUps, f)
		}
	}
	return a
}

// markOf digests what is handed over.
func markOf(a Absorb) string {
	data, err := json.Marshal(a)
	if err != nil {
		return "" // a year that no JSON holds: always told again
	}
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:8])
}

// absorbed returns what is remembered of an incident that was merged into this
// one, or nil.
func (i *Incident) absorbed(number string) *Absorbed {
	n := slices.IndexFunc(i.Absorbed, func(a Absorbed) bool { return a.Number == number })
	if n < 0 {
		return nil
	}
	return &i.Absorbed[n]
}

// precedes orders incidents, so that of two that are merged into each other at
// once both agree on which one goes on: the earlier number.
func precedes(a, b string) bool {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) < 0
}
