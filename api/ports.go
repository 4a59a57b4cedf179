package api

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Store is what the API reads and keeps. The errors of all its methods are of
// kind incident.NotFound, incident.Invalid, incident.Conflict or
// incident.Unavailable.
type Store interface {
	Tokens
	Reader
	CatalogStore
	Replies
	// Redact removes the text of an entry of a timeline and leaves a mark.
	Redact(ctx context.Context, number string, sequence int, by, reason string) error
}

// Reader reads what incidents recorded. A cursor that a method returns asks
// it for what comes next; it is empty when that is nothing, but for Timeline
// and Changes, whose readers follow.
type Reader interface {
	Incident(ctx context.Context, number string) (*incident.Incident, error)
	// Taken reports whether an incident was opened under a number, also before
	// it is recorded.
	Taken(ctx context.Context, number string) (bool, error)
	Incidents(ctx context.Context, f store.IncidentFilter) ([]*incident.Incident, string, error)
	Timeline(ctx context.Context, number string, f store.TimelineFilter) ([]incident.Entry, string, error)
	Pages(ctx context.Context, f store.PageFilter) ([]store.Page, string, error)
	Attempts(ctx context.Context, number string) ([]activities.Attempt, error)
	// Woken returns what the noise report has to know of the incidents that
	// were opened in [from, until).
	Woken(ctx context.Context, from, until time.Time) ([]incident.Woken, error)
	FollowUps(ctx context.Context, f store.FollowUpFilter) ([]store.FollowUp, string, error)
	// Changes returns incidents that were recorded after a cursor, in the
	// order in which they were, at most limit of them, and the cursor behind
	// the last. Without a cursor it returns none, and the cursor of now. It
	// may return one twice, and must not leave one out.
	Changes(ctx context.Context, after string, limit int) ([]*incident.Incident, string, error)
}

// Tokens keeps the hashes of tokens.
type Tokens interface {
	TokenByHash(ctx context.Context, hash string) (store.Token, error)
	CreateToken(ctx context.Context, t store.Token) error
	Tokens(ctx context.Context, f store.TokenFilter) ([]store.Token, error)
	RevokeToken(ctx context.Context, id string) error
	// RotateToken keeps a token that takes the place of t.Replaces, which ends
	// at that time.
	RotateToken(ctx context.Context, t store.Token, until time.Time) error
	// TouchToken remembers when a token was last used.
	TouchToken(ctx context.Context, id string, at time.Time) error
}

// Replies keeps what people replied by text, and what became of messages.
type Replies interface {
	// Reply returns what was kept of a reply, or incident.NotFound.
	Reply(ctx context.Context, id string) (store.Reply, error)
	KeepReply(ctx context.Context, r store.Reply) error
	// Receipt notes what a provider says of a message and returns the attempts
	// that it is about, or incident.NotFound while none is recorded.
	Receipt(ctx context.Context, r store.Receipt) ([]activities.Attempt, error)
}

// CatalogStore keeps the versions of the catalog.
type CatalogStore interface {
	// CurrentCatalog returns the catalog in force and its version, or an error
	// of kind incident.NotFound when there never was one.
	CurrentCatalog(ctx context.Context) (*catalog.Catalog, int, error)
	// SaveCatalog puts a catalog in force and returns its version. It is an
	// incident.Conflict when base is not the version in force.
	SaveCatalog(ctx context.Context, c *catalog.Catalog, base int, by string) (int, error)
	// CatalogUses lists what the open incidents refer to.
	CatalogUses(ctx context.Context) ([]store.Use, error)
}

// Commands brings a command to its incident and waits for the answer.
type Commands interface {
	// Send sends the update of this name; args is the command of package
	// incident that belongs to it. Its errors are of kind incident.Refused,
	// Invalid, Forbidden, NotFound (of a question or follow-up), Gone (there is
	// no workflow of this number, or it has ended) or Unavailable (nobody knows
	// whether it was applied). An acknowledgement that no worker answers is left
	// as a signal: its outcome has the text incident.Accepted.
	Send(ctx context.Context, number, name string, h incident.Header, args any) (incident.Outcome, error)
}

// Catalogs gives the catalog in force: the last good one when the store is
// away. Its error is of kind incident.NotFound when none was ever applied, and
// incident.Unavailable when none could be read yet.
type Catalogs interface {
	Current(ctx context.Context) (*catalog.Catalog, error)
}

// Intake takes alerts and declarations to incidents. Its errors are of kind
// incident.Invalid or incident.Unavailable.
type Intake interface {
	Take(ctx context.Context, d alerts.Delivery) (intake.Receipt, error)
	Declare(ctx context.Context, d intake.Declaration) (intake.Placed, error)
}

// Pager reaches people outside every incident.
type Pager interface {
	// TestPage tries each contact method once, and fails only when it could
	// try none.
	TestPage(ctx context.Context, person, by string) ([]ContactResult, error)
	// SendCode sends a code to a contact method. Its error is of kind
	// incident.Permanent when that can never succeed, and holds no address.
	SendCode(ctx context.Context, m catalog.ContactMethod, code string) error
}

// ContactResult says what became of one contact method of a test page. Error
// is empty when it was handed over; it holds no address.
type ContactResult struct {
	Contact string
	Kind    string
	Error   string
}

// Tickets hears that the tracker changed a ticket.
type Tickets interface {
	// Changed passes a hint on to whichever incident knows the ticket; that
	// none does is no error.
	Changed(ctx context.Context, ref incident.TicketRef) error
}

// Texts reads what the provider of SMS calls back. Its errors are of kind
// incident.Forbidden for what is not genuine, and incident.Invalid.
type Texts interface {
	Text(w Webhook) (Text, error)
	Receipt(w Webhook) (Receipt, error)
}

// Webhook is a request whose signature covers all of it.
type Webhook struct {
	// URL is the public address that was called, with its query.
	URL       string
	Signature string
	Body      []byte
}

// Text is an SMS that came in.
type Text struct {
	// ID is the same for every delivery of it.
	ID string
	// From is the sender's number in E.164.
	From string
	Body string
}

// Receipt says what became of a message. The zero value says that nothing is
// decided yet.
type Receipt struct {
	// Reference is what the provider calls the message.
	Reference string
	// State is how it ended, in the provider's words.
	State     string
	Delivered bool
	// Failed says that it will never arrive, and Reason why.
	Failed bool
	Reason string
	// Page is the key of the page, when the provider was told it.
	Page string
}

// Failures hears of pages that will never arrive though a provider took them.
type Failures interface {
	// PageFailed tells the page's incident. It is an incident.NotFound when its
	// workflow has ended.
	PageFailed(ctx context.Context, number, key, reason string) error
}

// Check is something that the process depends on.
type Check struct {
	Name string
	// Required says that without it no request can be served. Without the
	// others the process is degraded.
	Required bool
	// Detail is what is shown when it does not answer; "does not answer" when
	// empty.
	Detail string
	// Probe returns nil when it answers. The error is logged, not shown.
	Probe func(ctx context.Context) error
}
