package incident

import (
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// SummonsKind says why people are being reached.
type SummonsKind string

// The kinds of summons.
const (
	// ForAlert is the escalation that starts with the incident, and the one
	// that starts anew when an alert says more than an ack covered.
	ForAlert SummonsKind = "alert"
	// ForStillOnIt asks the holder whether they are still on it.
	ForStillOnIt SummonsKind = "still-on-it"
	// ForRole looks for somebody to accept a role.
	ForRole SummonsKind = "role"
	// ForResponder asks a person or team to join.
	ForResponder SummonsKind = "responder"
	// ForQuestion asks for an answer to a runbook's question.
	ForQuestion SummonsKind = "question"
	// ForBreach says that a time limit was broken.
	ForBreach SummonsKind = "breach"
)

// Summons is one reason to reach people, level by level, until it is
// answered. All paging is a summons: there is one mechanism and one ledger.
type Summons struct {
	// ID is unique in the incident: "alert-1", "commander-2".
	ID      string          `json:"id"`
	Kind    SummonsKind     `json:"kind"`
	Why     string          `json:"why"`
	Urgency catalog.Urgency `json:"urgency"`
	// Caused is when its reason arose. An acknowledgement given earlier does
	// not cover it.
	Caused time.Time      `json:"caused"`
	Levels []oncall.Level `json:"levels"`
	Repeat int            `json:"repeat,omitempty"`
	// LastResort says that exhaustion pages the last resort and starts over.
	LastResort bool `json:"last_resort,omitempty"`
	// Persist says that exhaustion starts over after a pause.
	Persist bool `json:"persist,omitempty"`
	// Subject is the role, question or holder it is about.
	Subject string `json:"subject,omitempty"`
	// By is the person who asked for it, and who hears when nobody answers;
	// empty when a policy did.
	By string `json:"by,omitempty"`

	// Level and Round say where it stands, both from zero. Level equals
	// len(Levels) while the last resort is being paged.
	Level int `json:"level"`
	Round int `json:"round"`
	// Ahead counts the levels in front of those of its policy: whoever holds
	// the incident is paged first about what their ack does not cover.
	Ahead int `json:"ahead,omitempty"`
	// Begun says that the present level's people were looked up.
	Begun bool `json:"begun,omitempty"`
	// Due is when the next level begins; zero until a page was handed over.
	Due time.Time `json:"due,omitzero"`
	// Hurry asks for the next level at once.
	Hurry bool `json:"hurry,omitempty"`
	// Pages are those not settled yet.
	Pages []*Page `json:"pages,omitempty"`
	// Present lists the people of the present level, Declined those who said
	// that they cannot.
	Present  []string `json:"present,omitempty"`
	Declined []string `json:"declined,omitempty"`
	// Reached lists who was handed a page of it.
	Reached []string `json:"reached,omitempty"`
	// Awaited lists who has still to acknowledge, where everyone of the level
	// must: from the first ack, which ends the escalation, to the last. Stopped
	// is when the first one came, and Answers when each did.
	Awaited []string             `json:"awaited,omitempty"`
	Stopped time.Time            `json:"stopped,omitzero"`
	Answers map[string]time.Time `json:"answers,omitempty"`

	Ended time.Time `json:"ended,omitzero"`
	// EndedBy is who answered; empty when its reason went away.
	EndedBy string `json:"ended_by,omitempty"`
}

// Open reports whether it still wants an answer.
func (s *Summons) Open() bool { return s.Ended.IsZero() }

// Wants reports whether a page of it still has a reason.
func (s *Summons) Wants(p *Page) bool {
	return p.State == PageDue && s.lapsed(p.Person).IsZero()
}

// Done reports whether a page waits neither to be handed over nor for an answer.
func (s *Summons) Done(p *Page) bool {
	return p.State != PageDue && !s.lapsed(p.Person).IsZero()
}

// lapsed returns since when it has no reason to reach a person, or the zero
// time while it has one.
func (s *Summons) lapsed(person string) time.Time {
	switch {
	case !s.Open():
		return s.Ended
	case s.escalates():
		return s.Answers[person] // theirs alone does not end it
	case slices.Contains(s.Awaited, person):
		return time.Time{}
	}
	return s.Stopped
}

// answeredBy stops reaching one person who has answered, while others are
// asked still.
func (s *Summons) answeredBy(person string, at time.Time) {
	if s.Answers == nil {
		s.Answers = map[string]time.Time{}
	}
	s.Answers[person] = at
	for _, p := range s.Pages {
		if p.Person == person && p.State == PageSent && p.Answered.IsZero() {
			p.Answered = at
		}
	}
}

// answered returns when a person answered it, or the zero time.
func (s *Summons) answered(person string) time.Time {
	for _, p := range s.Pages {
		if p.Person == person && !p.Answered.IsZero() {
			return p.Answered
		}
	}
	if s.EndedBy == person {
		return s.Ended
	}
	return s.Answers[person]
}

// mayAnswer reports whether a page can have an answer: a webhook gives none,
// and counts only where nobody else is reached.
func (s *Summons) mayAnswer(p *Page) bool {
	return len(s.Present) == 0 || !strings.HasPrefix(p.Person, WebhookPrefix)
}

// PolicyLevel returns the present level as its policy counts them, from zero;
// below zero is the holder.
func (s *Summons) PolicyLevel() int { return s.Level - s.Ahead }

// escalates reports whether nobody has answered it.
func (s *Summons) escalates() bool { return s.Open() && len(s.Awaited) == 0 }

// calls reports whether it has reached, or is about to reach, a person.
func (s *Summons) calls(person string) bool {
	return slices.Contains(s.Reached, person) || slices.Contains(s.Present, person)
}

// declinedByAll reports whether everyone of the present level has declined.
func (s *Summons) declinedByAll() bool {
	waiting := func(p string) bool { return !slices.Contains(s.Declined, p) }
	return s.Begun && len(s.Present) > 0 && !slices.ContainsFunc(s.Present, waiting)
}

// PageState is how far a page has come.
type PageState string

// The states of a page.
const (
	PageDue        PageState = "due"
	PageSent       PageState = "sent"
	PageFailed     PageState = "failed"
	PageSuperseded PageState = "superseded"
	// PageOvertaken was in flight when its reason went away, or was handed over
	// after it had.
	PageOvertaken PageState = "overtaken"
)

// Page reaches one person by one contact method for one reason.
type Page struct {
	// Key is made of incident, summons, round, level, person and contact, and
	// never of an attempt. A number follows where a rule uses a contact again.
	Key     string    `json:"key"`
	Summons string    `json:"summons"`
	Person  string    `json:"person"`
	Contact string    `json:"contact"`
	Kind    string    `json:"kind"`
	Reason  string    `json:"reason"`
	Due     time.Time `json:"due"`
	State   PageState `json:"state"`
	Sent    time.Time `json:"sent,omitzero"`
	// Answered is when this person answered the summons. A page whose link they
	// used is answered, whether or not it is known to be handed over.
	Answered time.Time `json:"answered,omitzero"`
	// Error says why it failed, without address or secret.
	Error string `json:"error,omitempty"`
	// Bounced is why a provider says that it will never arrive.
	Bounced string `json:"bounced,omitempty"`
	// Provider names who took it, and Reference is what they call it.
	Provider  string `json:"provider,omitempty"`
	Reference string `json:"reference,omitempty"`
	// Rings says that it goes on ringing until it is answered or silenced.
	Rings bool `json:"rings,omitempty"`
}
