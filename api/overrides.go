package api

import (
	"cmp"
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
)

// ListOverrides lists overrides.
func (s *server) ListOverrides(ctx context.Context, r gen.ListOverridesRequestObject) (gen.ListOverridesResponseObject, error) {
	f, err := s.dutyFilter(ctx, r.Params)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Duty.Overrides(ctx, f)
	if err != nil {
		return nil, err
	}
	return gen.ListOverrides200JSONResponse{Overrides: each(list, overrideOf), Next: next}, nil
}

// AddOverride changes who is on call for a while.
func (s *server) AddOverride(ctx context.Context, r gen.AddOverrideRequestObject) (gen.AddOverrideResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	now, who := s.Now().UTC(), callerOf(ctx).identity.owner()
	o, err := c.CheckOverride(oncall.Override{
		ID: newID("o"), Schedule: r.Body.Schedule, Rotation: r.Body.Rotation, Kind: cmp.Or(r.Body.Kind, oncall.Replace),
		Person: meant(ctx, r.Body.Person), Of: meant(ctx, r.Body.Of), From: r.Body.From.UTC(), Until: r.Body.Until.UTC(),
		Reason: r.Body.Reason, By: who,
	}, now)
	if err != nil {
		return nil, err
	}
	if err := mayOverride(ctx, c, o); err != nil {
		return nil, err
	}
	made := store.Override{Override: o, Made: now}
	if err := s.Duty.AddOverride(ctx, made); err != nil {
		return nil, err
	}
	s.Log.Info("override added", "override", o.ID, "schedule", o.Schedule, "rotation", o.Rotation, "by", who)
	schedule, _ := c.Schedule(o.Schedule)
	out := overrideOf(made)
	out.Warnings = schedule.Warnings(o)
	return gen.AddOverride201JSONResponse(out), nil
}

func mayOverride(ctx context.Context, c *catalog.Catalog, o oncall.Override) error {
	who := callerOf(ctx).identity
	if who.has(ScopeAdmin) || c.MayOverride(who.owner(), o) {
		return nil
	}
	return incident.Errorf(incident.Forbidden, "who takes turns in %s/%s may override where they come or go themselves; "+
		"for anybody else it takes a member or lead of a team whose services page it, or an administrator", o.Schedule, o.Rotation)
}

// RemoveOverride removes an override.
func (s *server) RemoveOverride(ctx context.Context, r gen.RemoveOverrideRequestObject) (gen.RemoveOverrideResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.Duty.Override(ctx, r.Id)
	if err != nil {
		return nil, missing(err, "override", r.Id)
	}
	err = s.remove(ctx, standing{"override", o.ID, o.Schedule, o.By, mayOverride(ctx, c, o.Override)}, s.Duty.RemoveOverride)
	return gen.RemoveOverride204Response{}, err
}

func overrideOf(o store.Override) gen.Override {
	return gen.Override{
		Id: o.ID, Schedule: o.Schedule, Rotation: o.Rotation, Kind: o.Kind, Person: o.Person, Of: o.Of,
		From: o.From, Until: o.Until, Reason: o.Reason, Swap: o.Swap, Owner: ownedByAPI, By: o.By, MadeAt: o.Made,
		RemovedAt: o.Removed, RemovedBy: o.RemovedBy,
	}
}
