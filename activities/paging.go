package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

// Pager looks up who is on call and hands pages over. Its exported methods are
// activities.
type Pager struct {
	Catalogs Catalogs
	// Channels maps a kind of contact method to what serves it.
	Channels map[string]Channel
	Ledger   Ledger
	Links    Links
	// Turns counts whose turn it is where a level pages one of several; nil
	// leaves it to chance.
	Turns Turns
	// Now is time.Now when nil. A rehearsal brings the clock of its own time.
	Now  func() time.Time
	sent memory
	// bundles gathers what would flood one person.
	bundles bundler
}

// PageOrder asks for one page to be handed over. It holds ids and facts;
// address and links are added here, and never enter a workflow's history.
type PageOrder struct {
	Key      string          `json:"key"`
	Incident string          `json:"incident"`
	Person   string          `json:"person"`
	Contact  string          `json:"contact"`
	Title    string          `json:"title"`
	Why      string          `json:"why"`
	Reason   string          `json:"reason"`
	Service  string          `json:"service"`
	Severity string          `json:"severity,omitempty"`
	Urgency  catalog.Urgency `json:"urgency"`
	Due      time.Time       `json:"due"`
	Also     []string        `json:"also,omitempty"`
	Runbooks []string        `json:"runbooks,omitempty"`
	// Suspect is the change that is the likeliest cause, in words.
	Suspect string `json:"suspect,omitempty"`
	// Calls says what an answer may let happen.
	Calls string `json:"calls,omitempty"`
	// Answer says how a page without that link is answered.
	Answer string `json:"answer,omitempty"`
	// Answerable pages carry the acknowledge link.
	Answerable bool `json:"answerable,omitempty"`
	// Patient says that there is time to wait until it goes together with
	// others.
	Patient bool `json:"patient,omitempty"`
}

// Sent says when a receiver accepted a message.
type Sent struct {
	At time.Time `json:"at"`
	// Later says that it was not handed over: it goes together with others, by
	// an activity that has the time to wait for them.
	Later bool `json:"later,omitempty"`
	// Before says that this key had been handed over earlier.
	Before bool `json:"before,omitempty"`
	// Provider and Reference say who took it and what they call it, and Rings
	// that it rings until it is answered or silenced.
	Provider  string `json:"provider,omitempty"`
	Reference string `json:"reference,omitempty"`
	Rings     bool   `json:"rings,omitempty"`
}

// Page hands one page over. A key that was handed over before is not sent
// again where this process or the ledger remembers it. Beyond the
// catalog's rate those to one contact method of a person go together; what a
// machine reads goes alone.
func (p *Pager) Page(ctx context.Context, o PageOrder) (Sent, error) {
	defer beat(ctx)()
	now, at := p.now(), lane{o.Person, o.Contact, o.Urgency, o.Answerable}
	if forMachine(o) || p.bundles.admit(at, now, p.alone(ctx)) {
		sent, err := p.once(ctx, effect{key: o.Key, incident: o.Incident, what: paged}, func() (incident.HandOver, error) {
			return p.pageAll(ctx, []PageOrder{o})
		})
		if err != nil || sent.Before {
			p.bundles.withdraw(at, now)
		}
		return sent, err
	}
	if !o.Patient {
		return Sent{Later: true}, nil
	}
	return p.once(ctx, effect{key: o.Key, incident: o.Incident, what: paged, noted: true}, func() (incident.HandOver, error) {
		return p.bundles.join(ctx, at, o, p.pageTogether)
	})
}

// forMachine reports whether a page is read by a machine, to which each stands
// for itself: a webhook, or the watchdog.
func forMachine(o PageOrder) bool {
	return incident.IsBeat(o.Incident) || strings.HasPrefix(o.Person, webhookPrefix)
}

// alone is how many pages go to a contact method each by itself.
func (p *Pager) alone(ctx context.Context) int {
	c, err := p.Catalogs.Current(ctx)
	if err != nil {
		return catalog.DefaultPagesPerMinute
	}
	return c.Settings.Bundle.Limit()
}

// paged is what attempts at pages are recorded as.
const paged = "page"

// pageTogether hands the pages of a bundle over, and records the attempt at
// each of them at once.
func (p *Pager) pageTogether(ctx context.Context, orders []PageOrder) (incident.HandOver, error) {
	taken, err := p.pageAll(ctx, orders)
	at, list := p.now(), make([]Attempt, len(orders))
	for n, o := range orders {
		list[n] = attemptOf(effect{key: o.Key, incident: o.Incident, what: paged}, at, taken, err)
	}
	attempted(ctx, p.Ledger, list...)
	return taken, err
}

// pageAll sends one message for pages that go together.
func (p *Pager) pageAll(ctx context.Context, orders []PageOrder) (incident.HandOver, error) {
	c, err := p.Catalogs.Current(ctx)
	if err != nil {
		return incident.HandOver{}, fmt.Errorf("resolve the address: %w", err)
	}
	m := p.message(c, orders[0])
	if len(orders) > 1 {
		m = p.bundled(orders)
	}
	return p.send(ctx, c, orders[0].Person, orders[0].Contact, m)
}

func (p *Pager) now() time.Time {
	if p.Now == nil {
		return time.Now().UTC()
	}
	return p.Now().UTC()
}

// send resolves a contact method and hands a message to its channel, within a
// time after which others must have their turn.
func (p *Pager) send(ctx context.Context, c *catalog.Catalog, person, contact string, m incident.Message) (incident.HandOver, error) {
	ctx, cancel := context.WithTimeout(ctx, handsOver)
	defer cancel()
	method, ok := contactMethod(c, person, contact)
	if !ok {
		return incident.HandOver{}, incident.Errorf(incident.Permanent, "%s has no contact method %q any more", person, contact)
	}
	channel, ok := p.Channels[method.Kind]
	if !ok {
		return incident.HandOver{}, incident.Errorf(incident.Permanent, "no channel serves contact methods of kind %q; configure one", method.Kind)
	}
	taken, err := hand(ctx, channel, method.Address, m)
	if err != nil {
		return incident.HandOver{}, fmt.Errorf("hand over by %s: %w", method.Kind, err)
	}
	return taken, nil
}

// message writes a page: what, why this person, who else, and where to look.
func (p *Pager) message(c *catalog.Catalog, o PageOrder) incident.Message {
	m := incident.Message{
		Key: o.Key, Incident: o.Incident, Title: o.Title,
		Body: pageBody(o), Urgent: o.Urgency == catalog.Urgent, Severity: o.Severity, Service: o.Service, At: o.Due,
		Links: []incident.MessageLink{{Title: "Incident", URL: p.Links.Linked(o.claims())}},
	}
	if s, ok := c.Service(o.Service); ok {
		for _, d := range s.Dashboards {
			m.Links = append(m.Links, incident.MessageLink{Title: d.Title, URL: d.URL})
		}
	}
	if o.Answerable {
		m.AckURL = p.Links.Acknowledge(o.claims())
		m.AckAction = m.AckURL
	}
	return m
}

// pageBody says what no channel shows by itself, and nothing twice: a text
// message has little room, and is one line.
func pageBody(o PageOrder) string {
	var lines []string
	if o.Why != o.Title {
		lines = append(lines, sentence(o.Why))
	}
	lines = append(lines, sentence("Why you: "+o.Reason))
	if o.Suspect != "" {
		lines = append(lines, sentence("Suspect: "+o.Suspect))
	}
	if len(o.Also) > 0 {
		lines = append(lines, sentence("Also paged: "+strings.Join(o.Also, ", ")))
	}
	if len(o.Runbooks) > 0 {
		lines = append(lines, sentence("Runbooks: "+strings.Join(o.Runbooks, ", ")))
	}
	if o.Answer != "" {
		lines = append(lines, o.Answer) // no full stop: it ends in a command
	}
	if o.Calls != "" { // last, since a text message may have no room for it
		lines = append(lines, "("+sentence("It calls: "+o.Calls)+")")
	}
	return strings.Join(lines, "\n") + "\n"
}

// sentence ends a text as a sentence does.
func sentence(text string) string {
	if strings.HasSuffix(text, ".") || strings.HasSuffix(text, "?") || strings.HasSuffix(text, "!") {
		return text
	}
	return text + "."
}

// claims say whose page it is, for the links in it.
func (o PageOrder) claims() acklink.Claims {
	return acklink.Claims{Incident: o.Incident, Page: o.Key, Person: o.Person}
}

// Links makes the addresses that people follow.
type Links struct {
	// Base is the public URL of the API, without a trailing slash.
	Base   string
	Signer acklink.Signer
}

// Incident returns the address of an incident's page.
func (l Links) Incident(number string) string { return l.Base + "/incidents/" + number }

// Linked returns a signed address of an incident's page, which one person can
// open without a token.
func (l Links) Linked(c acklink.Claims) string { return l.Acknowledge(c) + "/incident" }

// Acknowledge returns a signed address that opens a page with a button.
func (l Links) Acknowledge(c acklink.Claims) string {
	return l.Base + "/ack/" + l.Signer.Sign(c, time.Now())
}
