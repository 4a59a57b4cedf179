package api

import (
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
)

// ListTemporaries lists temporary schedules.
func (s *server) ListTemporaries(ctx context.Context, r gen.ListTemporariesRequestObject) (gen.ListTemporariesResponseObject, error) {
	f, err := s.dutyFilter(ctx, gen.ListOverridesParams(r.Params))
	if err != nil {
		return nil, err
	}
	list, next, err := s.Duty.Temporaries(ctx, f)
	if err != nil {
		return nil, err
	}
	return gen.ListTemporaries200JSONResponse{TemporarySchedules: each(list, temporaryOf), Next: next}, nil
}

// AddTemporary puts fixed shifts in place of the turns of a rotation.
func (s *server) AddTemporary(ctx context.Context, r gen.AddTemporaryRequestObject) (gen.AddTemporaryResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	now, who := s.Now().UTC(), callerOf(ctx).identity.owner()
	t, err := c.CheckTemporary(oncall.Temporary{
		ID: newID("t"), Schedule: r.Body.Schedule, Rotation: r.Body.Rotation, From: r.Body.From.UTC(), Until: r.Body.Until.UTC(),
		Shifts: each(r.Body.Shifts, func(f oncall.FixedShift) oncall.FixedShift {
			return oncall.FixedShift{Person: meant(ctx, f.Person), From: f.From.UTC(), Until: f.Until.UTC()}
		}),
		Reason: r.Body.Reason, By: who,
	}, now)
	if err != nil {
		return nil, err
	}
	if err := mustManage(ctx, c, t.Schedule); err != nil {
		return nil, err
	}
	made := store.Temporary{Temporary: t, Made: now}
	if err := s.Duty.AddTemporary(ctx, made); err != nil {
		return nil, err
	}
	s.Log.Info("temporary schedule added", "temporary", t.ID, "schedule", t.Schedule, "rotation", t.Rotation, "by", who)
	return gen.AddTemporary201JSONResponse(temporaryOf(made)), nil
}

func mustManage(ctx context.Context, c *catalog.Catalog, schedule string) error {
	who := callerOf(ctx).identity
	if who.has(ScopeAdmin) || c.Manages(who.owner(), schedule) {
		return nil
	}
	return incident.Errorf(incident.Forbidden,
		"this takes a member or lead of a team whose services page schedule %s, or an administrator", schedule)
}

// RemoveTemporary removes a temporary schedule.
func (s *server) RemoveTemporary(ctx context.Context, r gen.RemoveTemporaryRequestObject) (gen.RemoveTemporaryResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.Duty.Temporary(ctx, r.Id)
	if err != nil {
		return nil, missing(err, "temporary schedule", r.Id)
	}
	err = s.remove(ctx, standing{"temporary schedule", t.ID, t.Schedule, t.By, mustManage(ctx, c, t.Schedule)}, s.Duty.RemoveTemporary)
	return gen.RemoveTemporary204Response{}, err
}

func temporaryOf(t store.Temporary) gen.Temporary {
	return gen.Temporary{
		Id: t.ID, Schedule: t.Schedule, Rotation: t.Rotation, From: t.From, Until: t.Until, Shifts: orEmpty(t.Shifts),
		Reason: t.Reason, Owner: ownedByAPI, By: t.By, MadeAt: t.Made, RemovedAt: t.Removed, RemovedBy: t.RemovedBy,
	}
}
