package api

import (
	"cmp"
	"context"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Heartbeats keeps when heartbeats were heard.
type Heartbeats interface {
	Beat(ctx context.Context, id string, at time.Time) error
	Pulses(ctx context.Context) ([]activities.Pulse, error)
}

// sourceHeartbeat is the source that a key for heartbeats is bound to.
const sourceHeartbeat = "heartbeat"

// Beat hears a heartbeat.
func (s *server) Beat(ctx context.Context, r gen.BeatRequestObject) (gen.BeatResponseObject, error) {
	who := callerOf(ctx).identity
	if err := who.mayFeed(sourceHeartbeat); err != nil {
		return nil, err
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	h, ok := c.Heartbeat(r.Id)
	if !ok {
		return nil, incident.Errorf(incident.NotFound, "there is no heartbeat %s in the catalog", r.Id)
	}
	if bound := who.token.Service; bound != "" && bound != h.Service {
		return nil, incident.Errorf(incident.Forbidden, "this key is bound to the service %s", bound)
	}
	if err := s.Duty.Beat(ctx, r.Id, s.Now().UTC()); err != nil {
		return nil, err
	}
	return gen.Beat204Response{}, nil
}

// ListHeartbeats lists the heartbeats of the catalog.
func (s *server) ListHeartbeats(ctx context.Context, r gen.ListHeartbeatsRequestObject) (gen.ListHeartbeatsResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	pulses, err := s.Duty.Pulses(ctx)
	if err != nil {
		return nil, err
	}
	known := make(map[string]activities.Pulse, len(pulses))
	for _, p := range pulses {
		known[p.ID] = p
	}
	out := gen.ListHeartbeats200JSONResponse{Heartbeats: []gen.Heartbeat{}}
	for _, h := range c.Heartbeats {
		view := heartbeatView(h, known[h.ID])
		if fits(r.Params.Service, h.Service) && fits(string(r.Params.State), string(view.State)) {
			out.Heartbeats = append(out.Heartbeats, view)
		}
	}
	return out, nil
}

// fits reports whether a filter lets something through; an empty one does.
func fits(filter, is string) bool { return filter == "" || filter == is }

func heartbeatView(h catalog.Heartbeat, p activities.Pulse) gen.Heartbeat {
	out := gen.Heartbeat{
		Id: h.ID, Service: h.Service, Every: h.Every.String(), Grace: cmp.Or(h.Grace, h.Every).String(),
		State: "alive", SeenAt: p.Seen, MissedSince: p.Missed,
	}
	switch {
	case !p.Missed.IsZero():
		out.State = "missed"
	case p.Seen.IsZero():
		out.State = "waiting"
	}
	return out
}
