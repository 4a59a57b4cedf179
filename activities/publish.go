package activities

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

// Publisher tells people what needs no answer, and keeps tickets current. Its
// exported methods are activities.
type Publisher struct {
	Pager  *Pager
	Mailer Mailer
	// Tracker is nil when none is configured: the same tasks then live in
	// Tocsin's own register.
	Tracker Tracker
	// Incidents reads what was recorded, for the ticket's text.
	Incidents Incidents
}

// Incidents reads incidents as they were recorded.
type Incidents interface {
	Incident(ctx context.Context, number string) (*incident.Incident, error)
	// Highlights returns the last entries marked as such, the oldest first.
	Highlights(ctx context.Context, number string, limit int) ([]incident.Entry, error)
	// Outputs returns what runs brought to light, the latest first.
	Outputs(ctx context.Context, number string, limit int) ([]incident.Output, error)
}

// Publication is all that is to be told at one moment: one activity, since
// each costs history.
type Publication struct {
	Number   string                  `json:"number"`
	Title    string                  `json:"title"`
	Service  string                  `json:"service"`
	Severity catalog.Level           `json:"severity,omitempty"`
	Phase    incident.Phase          `json:"phase"`
	Notices  []incident.Notice       `json:"notices,omitempty"`
	Updates  []incident.StatusUpdate `json:"updates,omitempty"`
	Ticket   *TicketOrder            `json:"ticket,omitempty"`
}

// TicketOrder asks for the ticket to show the incident at least as of a
// revision, and for tickets of follow-ups that have none.
type TicketOrder struct {
	Revision  int                 `json:"revision"`
	Ref       incident.TicketRef  `json:"ref,omitzero"`
	FollowUps []incident.FollowUp `json:"follow_ups,omitempty"`
	// Again says that nobody knows what became of an earlier order.
	Again bool `json:"again,omitempty"`
}

// Published is what a Publication made.
type Published struct {
	// Owed lists the keys of what could not be made yet.
	Owed []string `json:"owed,omitempty"`
	// Failed says what never can be made, and why.
	Failed []string `json:"failed,omitempty"`
	// Untracked says that no tracker is configured.
	Untracked bool                          `json:"untracked,omitempty"`
	Ticket    incident.TicketRef            `json:"ticket,omitzero"`
	FollowUps map[string]incident.TicketRef `json:"follow_ups,omitempty"`
	// Unheard says that a follow-up's ticket may have been there for a while:
	// what the tracker told of it meanwhile was nobody's.
	Unheard bool `json:"unheard,omitempty"`
}

// TicketKey is the key of the ticket within a Publication.
const TicketKey = "ticket"

// UpdateKey is the key of a status update within a Publication; a notice
// brings its own.
func UpdateKey(u incident.StatusUpdate) string { return fmt.Sprintf("update-%d", u.Ordinal) }

// Publish makes everything of a publication, going on with the rest when one
// part fails. It answers with what is still owed, and fails only when nothing
// of it could be made. Tried again it makes only what is missing: each effect
// has a key of its own.
func (p *Publisher) Publish(ctx context.Context, o Publication) (Published, error) {
	defer beat(ctx)()
	var out Published
	var made int
	var last error
	settle := func(key string, errs []error) {
		failed, owed := sortOut(errs)
		if owed != nil {
			out.Owed, last = append(out.Owed, key), owed
			return
		}
		out.Failed = append(out.Failed, failed...)
		made++
	}
	for _, n := range o.Notices {
		settle(n.Key, p.notify(ctx, o, n))
	}
	for _, u := range o.Updates {
		settle(UpdateKey(u), p.mail(ctx, o, u))
	}
	if o.Ticket != nil {
		progress, errs := p.ticket(ctx, o, &out)
		settle(TicketKey, errs)
		made += progress
	}
	if made == 0 && last != nil {
		return Published{}, Fail(last)
	}
	return out, nil
}

// sortOut tells what can never succeed, in words, from what is worth trying
// again.
func sortOut(errs []error) (failed []string, owed error) {
	for _, err := range errs {
		switch {
		case err == nil:
		case final(incident.KindOf(err)):
			failed = append(failed, Known(Fail(err)).Error())
		default:
			owed = err
		}
	}
	return failed, owed
}

// notify sends a notice by every contact method that its urgency has.
func (p *Publisher) notify(ctx context.Context, o Publication, n incident.Notice) []error {
	c, err := p.Pager.Catalogs.Current(ctx)
	if err != nil {
		return []error{fmt.Errorf("resolve addresses: %w", err)}
	}
	var errs []error
	for _, person := range n.To {
		for _, contact := range contacts(c, person, false, n.Urgency) {
			key := fmt.Sprintf("%s/%s/%s/%s", o.Number, n.Key, person, contact.ID)
			_, err := p.Pager.once(ctx, effect{key: key, incident: o.Number, what: "notice"}, func() (incident.HandOver, error) {
				return p.Pager.send(ctx, c, person, contact.ID, p.notice(acklink.Claims{Incident: o.Number, Page: key, Person: person}, o, n))
			})
			errs = append(errs, Known(err))
		}
	}
	return errs
}

func (p *Publisher) notice(to acklink.Claims, o Publication, n incident.Notice) incident.Message {
	return incident.Message{
		Key: to.Page, Incident: o.Number, Title: o.Title, Body: n.Text,
		Severity: string(o.Severity), Service: o.Service, At: n.At,
		Links: []incident.MessageLink{{Title: "Incident", URL: p.Pager.Links.Linked(to)}},
	}
}

// mail sends a status update, a mail an audience.
func (p *Publisher) mail(ctx context.Context, o Publication, u incident.StatusUpdate) []error {
	c, err := p.Pager.Catalogs.Current(ctx)
	if err != nil {
		return []error{fmt.Errorf("resolve audiences: %w", err)}
	}
	var errs []error
	for _, id := range u.Audiences {
		audience, ok := c.Audience(id)
		if !ok || (u.Kind == incident.AutomaticUpdate && audience.External) {
			continue
		}
		m := updateMail(o, u, audience)
		_, err := p.Pager.once(ctx, effect{key: m.Key, incident: o.Number, what: "mail"}, func() (incident.HandOver, error) {
			return incident.HandOver{}, p.Mailer.SendMail(ctx, m)
		})
		errs = append(errs, Known(err))
	}
	return errs
}

// ticket brings the incident's ticket, and those of its follow-ups, up to
// date. It reports how many tickets it opened.
func (p *Publisher) ticket(ctx context.Context, o Publication, out *Published) (progress int, errs []error) {
	if p.Tracker == nil {
		out.Untracked = true
		return 0, nil
	}
	known, err := p.recorded(ctx, o)
	if err != nil {
		return 0, []error{err}
	}
	inc := known.incident
	out.Ticket, err = p.ticketOf(ctx, o.Ticket, incidentTicket(known, p.Pager.Links))
	if err != nil {
		return 0, []error{err}
	}
	if o.Ticket.Ref.ID == "" {
		progress++
	}
	out.FollowUps = map[string]incident.TicketRef{}
	for _, f := range o.Ticket.FollowUps {
		own := p.followUpTicket(ctx, inc, f, out.Ticket)
		ref, err := p.ensure(ctx, o.Ticket.Again, own)
		if err == nil {
			err = p.Tracker.Update(ctx, ref, own) // which links it to the incident's
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("open the ticket of follow-up %s: %w", f.ID, err))
			continue
		}
		out.FollowUps[f.ID], out.Unheard = ref, repeated(ctx, o.Ticket.Again)
		progress++
	}
	return progress, errs
}

// record is what the store has of an incident, for its ticket.
type record struct {
	incident   *incident.Incident
	highlights []incident.Entry
	outputs    []incident.Output
}

// recorded reads the incident as the store has it, at least as of the revision
// that was ordered.
func (p *Publisher) recorded(ctx context.Context, o Publication) (record, error) {
	inc, err := p.Incidents.Incident(ctx, o.Number)
	if err != nil {
		return record{}, incident.Errorf(incident.Unavailable, "read %s for its ticket: %w", o.Number, err)
	}
	if inc.Revision < o.Ticket.Revision {
		return record{}, incident.Errorf(incident.Unavailable, "%s is not recorded up to revision %d yet", o.Number, o.Ticket.Revision)
	}
	highlights, err := p.Incidents.Highlights(ctx, o.Number, maxHighlights)
	if err != nil {
		return record{}, fmt.Errorf("read the highlights for the ticket: %w", err)
	}
	outputs, err := p.Incidents.Outputs(ctx, o.Number, shownOutputs)
	if err != nil {
		return record{}, fmt.Errorf("read the outputs for the ticket: %w", err)
	}
	return record{inc, highlights, outputs}, nil
}

// ticketOf opens a ticket, or makes the one that is known current.
func (p *Publisher) ticketOf(ctx context.Context, o *TicketOrder, t incident.Ticket) (incident.TicketRef, error) {
	if o.Ref.ID == "" {
		ref, err := p.ensure(ctx, o.Again, t)
		if err != nil {
			return ref, fmt.Errorf("open the ticket: %w", err)
		}
		return ref, nil
	}
	if err := p.Tracker.Update(ctx, o.Ref, t); err != nil {
		return o.Ref, fmt.Errorf("update %s: %w", o.Ref.Key, err)
	}
	return o.Ref, nil
}

// ensure opens a ticket or finds it. A repeat looks longer before it creates
// again, since the tracker's index lags behind.
func (p *Publisher) ensure(ctx context.Context, again bool, t incident.Ticket) (incident.TicketRef, error) {
	patient, ok := p.Tracker.(patientTracker)
	if ok && repeated(ctx, again) {
		return patient.EnsureAgain(ctx, t)
	}
	return p.Tracker.Ensure(ctx, t)
}

// repeated reports whether an earlier try may have opened a ticket.
func repeated(ctx context.Context, again bool) bool {
	return again || activity.GetInfo(ctx).Attempt > 1
}

type patientTracker interface {
	EnsureAgain(ctx context.Context, t incident.Ticket) (incident.TicketRef, error)
}

// TicketWatch asks for news of tickets: of follow-ups, and of the incident's
// own.
type TicketWatch struct {
	Refs []incident.TicketRef `json:"refs"`
	// Known is what they said last; those of which nothing is known are taken
	// to be there and not done.
	Known []incident.TicketStatus `json:"known,omitempty"`
	Every time.Duration           `json:"every"`
}

// AwaitTickets returns as soon as a ticket says something new that matters:
// that it is done, with what resolution, or gone. Until then every try fails
// with the delay of the next one, which costs neither history nor a slot while
// it waits.
func (p *Publisher) AwaitTickets(ctx context.Context, w TicketWatch) ([]incident.TicketStatus, error) {
	if p.Tracker == nil {
		return nil, Fail(incident.Errorf(incident.Permanent, "no tracker is configured"))
	}
	now, err := p.Tracker.Read(ctx, w.Refs)
	if err != nil {
		return nil, Fail(fmt.Errorf("read tickets: %w", err))
	}
	if slices.ContainsFunc(now, w.news) {
		return now, nil
	}
	// Incidents that began together need not ask together.
	return nil, NotYet(fmt.Sprintf("%d tickets as before", len(now)), w.Every+rand.N(w.Every/10+1))
}

// news reports whether a ticket says something else than before.
func (w TicketWatch) news(now incident.TicketStatus) bool {
	before := incident.TicketStatus{Found: true}
	for _, known := range w.Known {
		if known.Ref.ID == now.Ref.ID {
			before = known
		}
	}
	return now.Found != before.Found || now.Done != before.Done || (now.Done && now.Resolution != before.Resolution)
}
