package api

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// order is one command on its way to its incident.
type order struct {
	number string
	// name is that of the incident's update.
	name string
	// key is the Idempotency-Key.
	key string
	// args is the command of package incident.
	args any
}

// command sends an order in the name of whoever asks.
func (s *server) command(ctx context.Context, o order) (incident.Outcome, error) {
	who := callerOf(ctx)
	h := incident.Header{By: who.identity.actor(), Via: who.via}
	h.ID = commandID(byCaller, h.By, o.name, o.key)
	return s.send(ctx, o, h, s.glance(ctx, o.number))
}

// send completes the header and sends the order. It needs neither the store nor
// the catalog: without them the command goes on with fewer standings, since
// paging and acknowledging must not wait for a database.
func (s *server) send(ctx context.Context, o order, h incident.Header, seen sight) (incident.Outcome, error) {
	h.At = s.Now().UTC()
	if seen.err != nil && incident.KindOf(seen.err) != incident.NotFound {
		s.Log.Warn("the store does not answer: a command goes on without it", "incident", o.number, "error", seen.err)
	}
	h.Standings, h.Teams = s.standings(ctx, h.By, seen.incident), s.teams(ctx, h.By)
	out, err := s.Commands.Send(ctx, o.number, o.name, h, o.args)
	if incident.KindOf(err) == incident.Gone {
		return incident.Outcome{}, whyGone(o.number, seen)
	}
	return out, err
}

// glancePatience is how long something that would only be good to know is
// waited for: a database that hangs must not use up the time of a command.
const glancePatience = time.Second

// sight is an incident as the store last heard of it, or why it cannot say.
type sight struct {
	incident *incident.Incident
	err      error
}

// glance reads an incident, if the store is quick.
func (s *server) glance(ctx context.Context, number string) sight {
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	i, err := s.Store.Incident(ctx, number)
	if err != nil {
		return sight{err: err}
	}
	return sight{incident: i}
}

// standings says what the catalog grants somebody over an incident.
func (s *server) standings(ctx context.Context, by incident.Actor, i *incident.Incident) []catalog.Standing {
	if by.Kind != incident.APerson {
		return nil
	}
	c, err := s.Catalogs.Current(ctx)
	if err != nil {
		s.Log.Warn("there is no catalog: a command goes on without standings", "person", by.ID, "error", err)
		return nil
	}
	service := ""
	if i != nil {
		service = i.Service
	}
	return c.Standings(by.ID, service)
}

// teams lists the teams that somebody is in, as far as a catalog is at hand.
func (s *server) teams(ctx context.Context, by incident.Actor) []string {
	c, err := s.Catalogs.Current(ctx)
	if err != nil || by.Kind != incident.APerson {
		return nil
	}
	return c.TeamsOf(by.ID)
}

// whyGone says why no workflow takes commands for an incident.
func whyGone(number string, seen sight) error {
	switch {
	case incident.KindOf(seen.err) == incident.NotFound:
		return incident.Errorf(incident.NotFound, "there is no incident %s", number)
	case seen.err != nil:
		return seen.err
	case seen.incident.Into != "" && seen.incident.Phase.Over():
		into := seen.incident.Into
		return incident.Refusal(number+" is part of "+into+": go on there", "the same for "+into)
	case seen.incident.Phase.Over():
		return incident.Refusal(number+" is "+string(seen.incident.Phase)+": what is found later opens a new incident", "an incident that is not over")
	}
	return incident.Errorf(incident.Conflict, "the workflow of %s is gone: declare a new incident", number)
}
