package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
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
}

// Published is what a Publication made.
type Published struct {
	// Untracked says that no tracker is configured.
	Untracked bool                          `json:"untracked,omitempty"`
	Ticket    incident.TicketRef            `json:"ticket,omitzero"`
	Revision  int                           `json:"revision,omitempty"`
	FollowUps map[string]incident.TicketRef `json:"follow_ups,omitempty"`
}

// Publish makes everything of a publication, trying the rest when one part
// fails. Tried again, it makes only what is missing: each part has a key of
// its own.
func (p *Publisher) Publish(ctx context.Context, o Publication) (Published, error) {
	defer beat(ctx)()
	var failures []error
	for _, n := range o.Notices {
		failures = append(failures, p.notify(ctx, o, n)...)
	}
	for _, u := range o.Updates {
		failures = append(failures, p.mail(ctx, o, u)...)
	}
	out, err := p.ticket(ctx, o)
	failures = append(failures, err)
	return out, Fail(first(failures))
}

// first returns the failure that is worth trying again, or else none: what
// can never succeed was recorded and must not keep the rest waiting.
func first(failures []error) error {
	for _, err := range failures {
		if err != nil && !final(incident.KindOf(err)) {
			return err
		}
	}
	return nil
}

// notify sends a notice by every contact method that its urgency has.
func (p *Publisher) notify(ctx context.Context, o Publication, n incident.Notice) []error {
	c, err := p.Pager.Catalogs.Current(ctx)
	if err != nil {
		return []error{fmt.Errorf("resolve addresses: %w", err)}
	}
	var failures []error
	for _, person := range n.To {
		for _, contact := range contacts(c, person, false, n.Urgency) {
			key := fmt.Sprintf("%s/%s/%s/%s", o.Number, n.Key, person, contact.ID)
			_, err := p.Pager.once(ctx, key, o.Number, func() error {
				return p.Pager.send(ctx, c, person, contact.ID, p.notice(key, o, n))
			})
			failures = append(failures, Known(err))
		}
	}
	return failures
}

func (p *Publisher) notice(key string, o Publication, n incident.Notice) incident.Message {
	return incident.Message{
		Key: key, Incident: o.Number, Title: fmt.Sprintf("%s: %s", o.Number, o.Title), Body: n.Text,
		Severity: string(o.Severity), Service: o.Service, At: n.At,
		Links: []incident.MessageLink{{Title: "Incident", URL: p.Pager.Links.Incident(o.Number)}},
	}
}

// mail sends a status update, a mail an audience.
func (p *Publisher) mail(ctx context.Context, o Publication, u incident.StatusUpdate) []error {
	c, err := p.Pager.Catalogs.Current(ctx)
	if err != nil {
		return []error{fmt.Errorf("resolve audiences: %w", err)}
	}
	var failures []error
	for _, id := range u.Audiences {
		audience, ok := c.Audience(id)
		if !ok || (u.Kind == incident.AutomaticUpdate && audience.External) {
			continue
		}
		m := updateMail(o, u, audience)
		_, err := p.Pager.once(ctx, m.Key, o.Number, func() error { return p.Mailer.SendMail(ctx, m) })
		failures = append(failures, Known(err))
	}
	return failures
}

// ticket brings the incident's ticket, and those of its follow-ups, up to
// date.
func (p *Publisher) ticket(ctx context.Context, o Publication) (Published, error) {
	if o.Ticket == nil {
		return Published{}, nil
	}
	if p.Tracker == nil {
		return Published{Untracked: true}, nil
	}
	inc, err := p.Incidents.Incident(ctx, o.Number)
	if err != nil {
		return Published{}, fmt.Errorf("read the incident for its ticket: %w", err)
	}
	if inc.Revision < o.Ticket.Revision {
		return Published{}, incident.Errorf(incident.Unavailable, "%s is not recorded up to revision %d yet", o.Number, o.Ticket.Revision)
	}
	highlights, err := p.Incidents.Highlights(ctx, o.Number, maxHighlights)
	if err != nil {
		return Published{}, fmt.Errorf("read the highlights for the ticket: %w", err)
	}
	out := Published{Ticket: o.Ticket.Ref, Revision: inc.Revision, FollowUps: map[string]incident.TicketRef{}}
	main := incidentTicket(inc, highlights, p.Pager.Links)
	if out.Ticket.ID == "" {
		if out.Ticket, err = p.ensure(ctx, main); err != nil {
			return Published{}, fmt.Errorf("open the ticket: %w", err)
		}
	} else if err := p.Tracker.Update(ctx, out.Ticket, main); err != nil {
		return Published{}, fmt.Errorf("update %s: %w", out.Ticket.Key, err)
	}
	for _, f := range o.Ticket.FollowUps {
		ref, err := p.ensure(ctx, p.followUpTicket(ctx, inc, f, out.Ticket))
		if err != nil {
			return Published{}, fmt.Errorf("open the ticket of follow-up %s: %w", f.ID, err)
		}
		out.FollowUps[f.ID] = ref
	}
	return out, nil
}

// ensure opens a ticket or finds it. A repeat looks longer before it creates
// again, since the tracker's index lags behind.
func (p *Publisher) ensure(ctx context.Context, t incident.Ticket) (incident.TicketRef, error) {
	if again, ok := p.Tracker.(patientTracker); ok && activity.GetInfo(ctx).Attempt > 1 {
		return again.EnsureAgain(ctx, t)
	}
	return p.Tracker.Ensure(ctx, t)
}

type patientTracker interface {
	EnsureAgain(ctx context.Context, t incident.Ticket) (incident.TicketRef, error)
}

// TicketWatch asks for news of tickets: of follow-ups, and of the incident's
// own.
type TicketWatch struct {
	Refs []incident.TicketRef `json:"refs"`
	// Known is what they said last, in the order of Refs.
	Known []incident.TicketStatus `json:"known,omitempty"`
	Every time.Duration           `json:"every"`
}

// AwaitTickets returns as soon as a ticket says something new. Until then
// every try fails with the delay of the next one, which costs neither history
// nor a slot while it waits.
func (p *Publisher) AwaitTickets(ctx context.Context, w TicketWatch) ([]incident.TicketStatus, error) {
	if p.Tracker == nil {
		return nil, Fail(incident.Errorf(incident.Permanent, "no tracker is configured"))
	}
	now, err := p.Tracker.Read(ctx, w.Refs)
	if err != nil {
		return nil, Fail(fmt.Errorf("read tickets: %w", err))
	}
	if !slices.Equal(now, w.Known) {
		return now, nil
	}
	return nil, NotYet(fmt.Sprintf("%d tickets as before", len(now)), w.Every)
}

// beat heartbeats until the returned function is called, so that the death of
// this worker is noticed within seconds.
func beat(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(3 * time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { close(done) }
}
