package api

import (
	"cmp"
	"context"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/store"
)

// Silences keeps what keeps alerts from paging for a while.
type Silences interface {
	AddSilence(ctx context.Context, s catalog.Silence) error
	EndSilence(ctx context.Context, id, by string, at time.Time) error
	Silence(ctx context.Context, id string) (catalog.Silence, error)
	Silences(ctx context.Context, f store.SilenceFilter) ([]catalog.Silence, string, error)
	// HeardSince returns alerts that were heard of since then, the latest
	// first, at most limit.
	HeardSince(ctx context.Context, since time.Time, limit int) ([]store.Heard, error)
}

// ListSilences lists silences.
func (s *server) ListSilences(ctx context.Context, r gen.ListSilencesRequestObject) (gen.ListSilencesResponseObject, error) {
	p, now := r.Params, s.Now()
	owner, err := whoever(ctx, p.Owner)
	if err != nil {
		return nil, err
	}
	f := store.SilenceFilter{Kind: catalog.SilenceKind(p.Kind), Owner: owner, After: now, Cursor: p.Cursor, Limit: p.Limit}
	if p.All {
		f.After = time.Time{}
	}
	list, next, err := s.Duty.Silences(ctx, f)
	if err != nil {
		return nil, err
	}
	return gen.ListSilences200JSONResponse{
		Silences: each(list, func(v catalog.Silence) gen.Silence { return silenceView(v, now) }), Next: next,
	}, nil
}

// AddSilence keeps alerts from paging for a while.
func (s *server) AddSilence(ctx context.Context, r gen.AddSilenceRequestObject) (gen.AddSilenceResponseObject, error) {
	_, v, err := s.ordered(ctx, *r.Body)
	if err != nil {
		return nil, err
	}
	if err := s.Duty.AddSilence(ctx, v); err != nil {
		return nil, err
	}
	s.Log.Info("silence added", "silence", v.ID, "kind", v.Kind, "until", v.Until, "owner", v.Owner, "by", v.By)
	return gen.AddSilence201JSONResponse(silenceView(v, s.Now())), nil
}

// ordered makes a silence of an order, and checks it.
func (s *server) ordered(ctx context.Context, o gen.SilenceOrder) (*catalog.Catalog, catalog.Silence, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, catalog.Silence{}, err
	}
	now, who := s.Now().UTC(), callerOf(ctx).identity.owner()
	v, err := c.CheckSilence(catalog.Silence{
		ID: newID("s"), Kind: catalog.SilenceKind(o.Kind), Service: o.Service, Matchers: o.Matchers, When: o.When,
		From: o.From.UTC(), Until: o.Until.UTC(), Recurring: o.Recurring, Zone: o.Zone, Reason: o.Reason,
		Owner: cmp.Or(meant(ctx, o.Owner), who), By: who, Created: now,
	}, now)
	return c, v, err
}

// GetSilence shows one silence.
func (s *server) GetSilence(ctx context.Context, r gen.GetSilenceRequestObject) (gen.GetSilenceResponseObject, error) {
	v, err := s.Duty.Silence(ctx, r.Id)
	if err != nil {
		return nil, missing(err, "silence", r.Id)
	}
	return gen.GetSilence200JSONResponse(silenceView(v, s.Now())), nil
}

// EndSilence ends a silence now.
func (s *server) EndSilence(ctx context.Context, r gen.EndSilenceRequestObject) (gen.EndSilenceResponseObject, error) {
	who, now := callerOf(ctx).identity.owner(), s.Now().UTC()
	if err := s.Duty.EndSilence(ctx, r.Id, who, now); err != nil {
		return nil, missing(err, "silence", r.Id)
	}
	v, err := s.Duty.Silence(ctx, r.Id)
	if err != nil {
		return nil, err
	}
	s.Log.Info("silence ended", "silence", r.Id, "by", who)
	return gen.EndSilence200JSONResponse(silenceView(v, now)), nil
}

const (
	// previewPast is how far back a preview looks, and previewHeard how many
	// alerts it looks at.
	previewPast  = 7 * 24 * time.Hour
	previewHeard = 5000
	// previewShown bounds each list of a preview.
	previewShown = 100
)

// PreviewSilence shows what a silence would match.
func (s *server) PreviewSilence(ctx context.Context, r gen.PreviewSilenceRequestObject) (gen.PreviewSilenceResponseObject, error) {
	order := *r.Body
	order.Reason, order.Owner = cmp.Or(order.Reason, "preview"), ""
	c, v, err := s.ordered(ctx, order)
	if err != nil {
		return nil, err
	}
	fits, err := c.Matching(v)
	if err != nil {
		return nil, err
	}
	heard, err := s.Duty.HeardSince(ctx, s.Now().Add(-previewPast), previewHeard)
	if err != nil {
		return nil, err
	}
	out := gen.PreviewSilence200JSONResponse{Firing: []gen.SilenceMatch{}, Seen: []gen.SilenceMatch{}}
	for _, h := range heard {
		if !fits(h.Alert.Alert, h.Service) {
			continue
		}
		list := &out.Seen
		if h.Status == alerts.Firing {
			list = &out.Firing
		}
		if len(*list) == previewShown {
			out.More++
			continue
		}
		*list = append(*list, gen.SilenceMatch{Alert: h.Name(), Service: h.Service, Labels: h.Labels, LastSeen: h.Last})
	}
	return out, nil
}

func silenceView(v catalog.Silence, now time.Time) gen.Silence {
	return gen.Silence{
		Id: v.ID, Kind: gen.SilenceKind(v.Kind), State: silenceState(v, now), Scope: v.Scope(), Service: v.Service,
		Matchers: v.Matchers, When: v.When, From: v.From, Until: v.Until, Recurring: v.Recurring, Zone: v.Zone,
		Reason: v.Reason, Owner: v.Owner, By: v.By, MadeAt: v.Created, EndedAt: v.Ended,
	}
}

func silenceState(v catalog.Silence, now time.Time) gen.SilenceState {
	switch {
	case v.Over(now):
		return "over"
	case now.Before(v.From):
		return "pending"
	case v.Active(now):
		return "active"
	}
	return "resting"
}
