package api

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// GetOnCall says who is on call at a moment.
func (s *server) GetOnCall(ctx context.Context, r gen.GetOnCallRequestObject) (gen.GetOnCallResponseObject, error) {
	at := r.Params.At.UTC()
	if at.IsZero() {
		at = s.Now().UTC()
	}
	c, err := s.catalogAt(ctx, at)
	if err != nil {
		return nil, err
	}
	schedules := c.Schedules
	if id := r.Params.Schedule; id != "" {
		one, ok := c.Schedule(id)
		if !ok {
			return nil, incident.Errorf(incident.NotFound, "there is no such schedule in the catalog")
		}
		schedules = []oncall.Schedule{one}
	}
	out := gen.GetOnCall200JSONResponse{At: at, CatalogVersion: c.Version, Schedules: []gen.ScheduleOnCall{}}
	for _, schedule := range schedules {
		shifts := []oncall.Shift{}
		if calendar, ok := c.Calendar(schedule.ID); ok {
			shifts = orEmpty(calendar.At(at))
		}
		out.Schedules = append(out.Schedules, gen.ScheduleOnCall{
			Id: schedule.ID, Name: schedule.Name, Zone: schedule.Zone, Shifts: shifts,
		})
	}
	return out, nil
}

// catalogAt returns the catalog that is in force at a moment, or was.
func (s *server) catalogAt(ctx context.Context, at time.Time) (*catalog.Catalog, error) {
	history, err := s.history(ctx, at, at.Add(time.Second))
	if err != nil {
		return nil, err
	}
	c, ok := history.At(at)
	if !ok {
		return nil, incident.Errorf(incident.NotFound, "there was no catalog then")
	}
	return c, nil
}

// catalog returns the catalog in force, the last good one when need be.
func (s *server) catalog(ctx context.Context) (*catalog.Catalog, error) {
	c, err := s.Catalogs.Current(ctx)
	switch {
	case err == nil:
		return c, nil
	case incident.KindOf(err) == incident.NotFound:
		return nil, &awayError{"there is no catalog yet: an administrator applies one with PUT /v1/catalog", err}
	}
	return nil, incident.Errorf(incident.Unavailable, "read the catalog for the first time: %w", err)
}
