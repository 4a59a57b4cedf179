package api

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// order is one command on its way to its incident.
type order struct {
	number string
	// name is that of the incident's update.
	name string
	// key is the Idempotency-Key, if the caller sent one.
	key string
	// args is the command of package incident.
	args any
}

// command sends an order in the name of whoever asks.
func (s *server) command(ctx context.Context, o order) (incident.Outcome, error) {
	who := callerOf(ctx)
	return s.send(ctx, o, incident.Header{By: who.identity.actor(), Via: who.via})
}

// send fills the header in and sends the order. It needs neither the store nor
// the catalog: without them the command goes on with fewer standings, since
// paging and acknowledging must not wait for a database.
func (s *server) send(ctx context.Context, o order, h incident.Header) (incident.Outcome, error) {
	h.ID = cmp.Or(o.key, uuid.NewString())
	h.At = s.Now().UTC()
	known, stored := s.Store.Incident(ctx, o.number)
	if stored != nil && incident.KindOf(stored) != incident.NotFound {
		s.Log.Warn("the store does not answer: a command goes on without it", "incident", o.number, "error", stored)
	}
	standings, err := s.standings(ctx, h.By, known)
	if err != nil {
		return incident.Outcome{}, err
	}
	h.Standings = standings
	out, err := s.Commands.Send(ctx, o.number, o.name, h, o.args)
	if incident.KindOf(err) == incident.NotFound {
		return incident.Outcome{}, whyGone(o.number, known, stored)
	}
	return out, err
}

// standings says what the catalog grants somebody over an incident, and
// refuses a person whom the catalog no longer has.
func (s *server) standings(ctx context.Context, by incident.Actor, i *incident.Incident) ([]catalog.Standing, error) {
	if by.Kind != incident.APerson {
		return nil, nil
	}
	c, err := s.Catalogs.Current(ctx)
	if err != nil {
		s.Log.Warn("there is no catalog: a command goes on without standings", "person", by.ID, "error", err)
		return nil, nil
	}
	if _, ok := c.Person(by.ID); !ok {
		return nil, incident.Errorf(incident.Forbidden, "%s is not in the catalog any more", by.ID)
	}
	service := ""
	if i != nil {
		service = i.Service
	}
	return c.Standings(by.ID, service), nil
}

// whyGone says why no workflow takes commands for an incident.
func whyGone(number string, known *incident.Incident, stored error) error {
	switch {
	case stored != nil && incident.KindOf(stored) == incident.NotFound:
		return incident.Errorf(incident.NotFound, "there is no incident %s", number)
	case stored != nil:
		return stored
	case known.Phase.Over():
		return incident.Refusal(number+" is "+string(known.Phase)+": what is found later opens a new incident", "an incident that is not over")
	}
	return incident.Errorf(incident.Conflict, "the workflow of %s is gone: declare a new incident", number)
}
