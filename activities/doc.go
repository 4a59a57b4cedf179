// Package activities is what workflows may ask of the world: a file a
// concern. An activity resolves ids to addresses and links, calls one
// interface, and says by the kind of its error whether trying again helps.
package activities

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Channel hands a message over to one kind of contact method. An error of
// kind incident.Permanent is not tried again.
type Channel interface {
	Send(ctx context.Context, address string, m incident.Message) error
}

// Deliverer is a Channel that also says who took a message. It is used instead
// of Send where a channel has it.
type Deliverer interface {
	Deliver(ctx context.Context, address string, m incident.Message) (incident.HandOver, error)
}

// Silencer is a Channel whose messages may ring until somebody answers them.
type Silencer interface {
	// Silence stops what was handed over from ringing on. It may be repeated,
	// and to silence what rings no more is no error.
	Silence(ctx context.Context, h incident.HandOver) error
}

// Mailer hands a mail over to a mail server. Mails with equal keys carry
// equal Message-IDs.
type Mailer interface {
	SendMail(ctx context.Context, m incident.Mail) error
}

// Tracker keeps tickets. Every method may be repeated with equal arguments.
type Tracker interface {
	// Ensure creates the ticket, or finds the one that was created with this
	// label before.
	Ensure(ctx context.Context, t incident.Ticket) (incident.TicketRef, error)
	// Update makes Tocsin's own block and fields of a ticket current; it
	// touches nothing else, and moves it to done when asked.
	Update(ctx context.Context, ref incident.TicketRef, t incident.Ticket) error
	// Read says how tickets stand, in the order asked, by reading each one.
	Read(ctx context.Context, refs []incident.TicketRef) ([]incident.TicketStatus, error)
}

// Catalogs gives the catalog in force. It answers with the last good one when
// the store is away, and with an error only when there never was one.
type Catalogs interface {
	Current(ctx context.Context) (*catalog.Catalog, error)
}

// Journal keeps what incidents record.
type Journal interface {
	// Record writes a batch once, however often it is repeated. Of two that
	// contradict each other the one that was decided later counts.
	Record(ctx context.Context, b Batch) error
	// Adopt claims a service's key for an incident that was opened without
	// it, and returns which incident holds it now. It may be repeated.
	Adopt(ctx context.Context, number, service, key string, at time.Time) (string, error)
}

// Batch is what one incident has to record: a part of its timeline, the pages
// that changed and the incident as it stands.
//
// It is written before the engine has heard of what it records: a workflow task
// that dies in between is done again, and may decide otherwise. What such a
// task recorded was never decided, and gives way.
type Batch struct {
	Number string `json:"number"`
	// Epoch is the id of the run that numbered the entries.
	Epoch    string             `json:"epoch"`
	Entries  []incident.Entry   `json:"entries,omitempty"`
	Pages    []incident.Page    `json:"pages,omitempty"`
	Incident *incident.Incident `json:"incident"`
	// Decided is when the workflow task began that decided this, by the
	// engine's clock, and Ordinal counts the incident's batches: the later one
	// counts. After is the Decided of the batch before it; zero for the first.
	Decided time.Time `json:"decided"`
	Ordinal int       `json:"ordinal"`
	After   time.Time `json:"after,omitzero"`
	// Ends says how far runs have numbered their entries.
	Ends []End `json:"ends,omitempty"`
}

// End is the last entry that a run has numbered: what is recorded behind it was
// never decided.
type End struct {
	Epoch string `json:"epoch"`
	Last  int    `json:"last"`
}

// Ledger remembers which effects were made, by their key.
type Ledger interface {
	// Made returns the attempt that made the effect of this key, and false
	// when none did.
	Made(ctx context.Context, key string) (a Attempt, made bool, err error)
	// Attempt records attempts, all or none: made are those whose Error is empty.
	Attempt(ctx context.Context, list ...Attempt) error
}

// Attempt is one try at one effect.
type Attempt struct {
	Key      string    `json:"key" db:"key"`
	Incident string    `json:"incident" db:"incident"`
	What     string    `json:"what" db:"what"`
	At       time.Time `json:"at" db:"at"`
	Error    string    `json:"error,omitempty" db:"error"`
	// Provider and Reference say who took it, and what they call it.
	Provider  string `json:"provider,omitempty" db:"provider"`
	Reference string `json:"reference,omitempty" db:"reference"`
	// Receipt is the provider's last word on what became of it, since when.
	Receipt   string    `json:"receipt,omitempty" db:"receipt"`
	Receipted time.Time `json:"receipted,omitzero" db:"receipt_at"`
}

// Deployer is a deploy target.
type Deployer interface {
	Deployed(ctx context.Context, target string) (incident.Deployment, error)
	Rollback(ctx context.Context, r incident.Rollback) (incident.Operation, error)
	Operation(ctx context.Context, target, id string) (incident.Operation, error)
}

// Metrics answers instant queries.
type Metrics interface {
	Query(ctx context.Context, expr string) (incident.Measurement, error)
}
