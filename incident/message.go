package incident

import (
	"strings"
	"time"
)

// Message is a page or a notice, ready for a channel. It is made inside the
// sending activity, since its links must never enter a workflow's history.
type Message struct {
	// Key is the same for every attempt at this message; channels hand it to
	// receivers that honour one.
	Key string
	// Incident is the number, such as "INC-1042"; empty when it is about none.
	Incident string
	Title    string
	// Body is plain text: why this person is reached, and what is known.
	Body   string
	Urgent bool
	// Severity and Service are for channels that show them apart.
	Severity string
	Service  string
	// At is when the message became due.
	At    time.Time
	Links []MessageLink
	// AckURL opens a page with a button; AckAction is the address to which a
	// receiver that can do so posts directly. Both are empty on notices.
	AckURL    string
	AckAction string
}

// Headline is the number, where there is one, and the title: what people see
// first.
func (m Message) Headline() string { return strings.TrimSpace(m.Incident + " " + m.Title) }

// HandOver says who took a message. The zero value says that nobody else need
// be asked about it.
type HandOver struct {
	// Provider names who took it, where that is worth knowing.
	Provider string
	// Reference is what the provider calls the message; its receipts name it.
	Reference string
	// Rings says that the message goes on ringing until somebody answers it, or
	// silences it by its reference.
	Rings bool
}

// MessageLink is a titled address in a message.
type MessageLink struct {
	Title string
	URL   string
}

// Mail is one e-mail to people or mailing lists. Equal keys make equal
// Message-IDs, so that a repeat can be recognised.
type Mail struct {
	Key string
	// Thread is the key of the first mail of the conversation; when it equals
	// Key this is the first one.
	Thread  string
	To      []string
	Subject string
	// Text is the plain body; HTML the same for readers that show it.
	Text string
	HTML string
}
