package apitest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Sent is one command that reached its incident.
type Sent struct {
	Number string
	Name   string
	Header incident.Header
	Args   any
}

// Commands remembers commands and answers them all alike.
type Commands struct {
	mu      sync.Mutex
	sent    []Sent
	outcome incident.Outcome
	err     error
}

// Answer makes what comes be answered so.
func (c *Commands) Answer(out incident.Outcome, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outcome, c.err = out, err
}

// Sent returns what was sent so far.
func (c *Commands) Sent() []Sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Sent(nil), c.sent...)
}

// Send remembers a command.
func (c *Commands) Send(_ context.Context, number, name string, h incident.Header, args any) (incident.Outcome, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent = append(c.sent, Sent{number, name, h, args})
	out := c.outcome
	out.Number = number
	return out, c.err
}

// Catalogs gives the catalog of a store, also while the store is away.
type Catalogs struct{ Store *Store }

// Current returns the catalog in force.
func (c Catalogs) Current(context.Context) (*catalog.Catalog, error) {
	if found := c.Store.Catalog(); found != nil {
		return found, nil
	}
	return nil, incident.Errorf(incident.NotFound, "no catalog was applied")
}

// Intake remembers what it was given.
type Intake struct {
	mu           sync.Mutex
	deliveries   []alerts.Delivery
	declarations []intake.Declaration
	err          error
}

// Fail makes every method fail; nil mends it.
func (i *Intake) Fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

// Deliveries returns what was taken.
func (i *Intake) Deliveries() []alerts.Delivery {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]alerts.Delivery(nil), i.deliveries...)
}

// Declarations returns what was declared.
func (i *Intake) Declarations() []intake.Declaration {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]intake.Declaration(nil), i.declarations...)
}

// Take remembers a delivery and says that it opened INC-1.
func (i *Intake) Take(_ context.Context, d alerts.Delivery) (intake.Receipt, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return intake.Receipt{}, i.err
	}
	i.deliveries = append(i.deliveries, d)
	return intake.Receipt{
		Alerts: len(d.Alerts), Incidents: []intake.Placed{{Number: "INC-1", Service: "checkout", Key: "k", New: true}},
	}, nil
}

// Declare remembers a declaration and says that it opened INC-2.
func (i *Intake) Declare(_ context.Context, d intake.Declaration) (intake.Placed, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return intake.Placed{}, i.err
	}
	i.declarations = append(i.declarations, d)
	return intake.Placed{Number: "INC-2", Service: d.Service, New: true}, nil
}

// Pager hands every page over, except by a contact method named "hook".
type Pager struct{}

// TestPage answers for each kind of contact method.
func (Pager) TestPage(context.Context, string, string) ([]api.ContactResult, error) {
	return []api.ContactResult{
		{Contact: "phone", Kind: "push"}, {Contact: "hook", Kind: "webhook", Error: "does not answer"},
	}, nil
}

// SendCode sends nothing.
func (Pager) SendCode(context.Context, catalog.ContactMethod, string) error { return nil }

// Signature is the one that ReadHint takes for genuine.
const Signature = "sha256=600d"

// ReadHint reads a webhook whose body is a ticket, or any other JSON.
func ReadHint(header http.Header, body []byte) (incident.TicketRef, error) {
	if header.Get("X-Hub-Signature") != Signature {
		return incident.TicketRef{}, incident.Errorf(incident.Unauthenticated, "the signature does not fit")
	}
	if !json.Valid(body) {
		return incident.TicketRef{}, incident.Errorf(incident.Invalid, "the webhook is no event")
	}
	var ref incident.TicketRef
	_ = json.Unmarshal(body, &ref)
	return ref, nil
}

// Tickets remembers the hints that it heard.
type Tickets struct {
	mu   sync.Mutex
	refs []incident.TicketRef
}

// Changed remembers a hint.
func (t *Tickets) Changed(_ context.Context, ref incident.TicketRef) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refs = append(t.refs, ref)
	return nil
}

// Heard returns the hints so far.
func (t *Tickets) Heard() []incident.TicketRef {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]incident.TicketRef(nil), t.refs...)
}

// Suspicions remembers which incident was told of which changes.
type Suspicions struct {
	mu   sync.Mutex
	told map[string][]incident.Suspect
	err  error
}

// Fail makes what comes fail; nil mends it.
func (s *Suspicions) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// Told returns what an incident was told.
func (s *Suspicions) Told(number string) []incident.Suspect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]incident.Suspect(nil), s.told[number]...)
}

// Suspect remembers what an incident is told.
func (s *Suspicions) Suspect(_ context.Context, number string, list []incident.Suspect) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if s.told == nil {
		s.told = map[string][]incident.Suspect{}
	}
	s.told[number] = append(s.told[number], list...)
	return nil
}
