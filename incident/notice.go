package incident

import (
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Outbox is what people are still to be told. An item stays until it was
// handed over.
type Outbox struct {
	Notices []Notice       `json:"notices,omitempty"`
	Updates []StatusUpdate `json:"updates,omitempty"`
	// Recurrence holds what fires after this incident had ended: a new
	// incident is to be opened for it, linked to this one.
	Recurrence []alerts.Alert `json:"recurrence,omitempty"`
	// Merge is the merge into another incident that was asked for, until that
	// one has taken over.
	Merge *Merging `json:"merge,omitempty"`
	// Splits are those that were asked for and are not done.
	Splits []Splitting `json:"splits,omitempty"`
	// Absorptions are the answers to incidents that are to be merged into this
	// one.
	Absorptions []Absorption `json:"absorptions,omitempty"`
}

// Notice tells people something that needs no answer: who acknowledged, that
// an update is due, that it was a false alarm.
type Notice struct {
	// Key is unique in the incident.
	Key  string    `json:"key"`
	To   []string  `json:"to"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
	// Urgency chooses the notification rules by which it is sent.
	Urgency catalog.Urgency `json:"urgency"`
}

// maxNotices bounds the notices that wait to be handed over. While nothing can
// be told for so long, the oldest ones are news no more.
const maxNotices = 40

// tell owes a notice to people; nobody is told twice and nobody is told what
// they did themselves. A beat tells nobody.
func (i *Incident) tell(now time.Time, to []string, except, text string) {
	if IsBeat(i.Number) {
		return
	}
	var people []string
	for _, p := range to {
		if p != except && p != "" && !slices.Contains(people, p) {
			people = append(people, p)
		}
	}
	if len(people) == 0 {
		return
	}
	i.Outbox.Notices = append(i.Outbox.Notices, Notice{
		Key: i.ordinal("notice"), To: people, Text: cut(text), At: now, Urgency: catalog.Ordinary,
	})
	if len(i.Outbox.Notices) > maxNotices {
		lost := i.Outbox.Notices[0]
		i.Outbox.Notices = slices.Delete(i.Outbox.Notices, 0, 1)
		i.note(now, "notice.dropped", "Not told, since %d notices wait: %s", maxNotices, lost.Text)
	}
}

// involved lists everyone who was paged or plays a part.
func (i *Incident) involved() []string {
	out := append(slices.Clone(i.Paged), i.Holder)
	out = append(out, i.Responders...)
	for _, r := range Assigned() {
		out = append(out, i.Roles[r])
	}
	return out
}
