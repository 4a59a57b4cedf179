package incident

import (
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// Outbox is what people are still to be told. An item stays until it was
// handed over.
type Outbox struct {
	Notices []Notice       `json:"notices,omitempty"`
	Updates []StatusUpdate `json:"updates,omitempty"`
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

// tell owes a notice to people; nobody is told twice and nobody is told what
// they did themselves.
func (i *Incident) tell(now time.Time, to []string, except, text string) {
	var people []string
	for _, p := range to {
		if p != except && p != "" {
			people = append(people, p)
		}
	}
	if len(people) == 0 {
		return
	}
	i.Outbox.Notices = append(i.Outbox.Notices, Notice{
		Key: i.ordinal("notice"), To: people, Text: text, At: now, Urgency: catalog.Ordinary,
	})
}
