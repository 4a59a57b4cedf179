package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

const (
	// maxSpan bounds how many days are asked about at once.
	maxSpan = 92 * 24 * time.Hour
	// past is how long ago a moment is so that the store is asked what was in
	// force then.
	pastAfter = 5 * time.Second
)

// ListShifts lists who is on call over some days.
func (s *server) ListShifts(ctx context.Context, r gen.ListShiftsRequestObject) (gen.ListShiftsResponseObject, error) {
	person, err := whoever(ctx, r.Params.Person)
	if err != nil {
		return nil, err
	}
	from := r.Params.From.UTC()
	if from.IsZero() {
		from = s.Now().UTC()
	}
	until := r.Params.Until.UTC()
	if until.IsZero() {
		until = from.Add(7 * 24 * time.Hour)
	}
	served, err := s.served(ctx, r.Params.Schedule, from, until)
	if err != nil {
		return nil, err
	}
	out := gen.ListShifts200JSONResponse{From: from, Until: until, Shifts: []gen.ServedShift{}}
	for _, shift := range served {
		if person == "" || shift.Person == person {
			out.Shifts = append(out.Shifts, servedOf(shift))
		}
	}
	return out, nil
}

// served returns the shifts of a span, of one schedule or of all, by when they
// begin.
func (s *server) served(ctx context.Context, schedule string, from, until time.Time) ([]catalog.Served, error) {
	if err := checkSpan(from, until); err != nil {
		return nil, err
	}
	history, err := s.history(ctx, from, until)
	if err != nil {
		return nil, err
	}
	if schedule != "" && !knownTo(history, schedule) {
		return nil, incident.Errorf(incident.NotFound, "there is no such schedule in the catalog")
	}
	var out []catalog.Served
	for _, one := range history.Schedules() {
		if schedule == "" || one.ID == schedule {
			out = append(out, history.Shifts(one.ID, from, until)...)
		}
	}
	slices.SortStableFunc(out, func(a, b catalog.Served) int { return a.From.Compare(b.From) })
	return out, nil
}

// lookBack returns the bounds of what is looked back at: until now, and for so
// many days, unless the caller says otherwise.
func (s *server) lookBack(from, until time.Time, days int) (time.Time, time.Time) {
	until = cmp.Or(until.UTC(), s.Now().UTC())
	return cmp.Or(from.UTC(), until.AddDate(0, 0, -days)), until
}

func checkSpan(from, until time.Time) error {
	switch {
	case !from.Before(until):
		return &fieldError{field: "until", message: "must be later than from"}
	case until.Sub(from) > maxSpan:
		return &fieldError{field: "until", message: "lies more than 92 days behind from"}
	}
	return nil
}

// history returns what is in force in a span. What has not gone by is known
// without the store.
func (s *server) history(ctx context.Context, from, until time.Time) (catalog.History, error) {
	if from.Before(s.Now().Add(-pastAfter)) {
		return s.Duty.InForce(ctx, from, until)
	}
	c, err := s.catalog(ctx)
	return catalog.History{{Catalog: c, From: from, Until: until}}, err
}

// GetLoad says how the load of on-call falls on people.
func (s *server) GetLoad(ctx context.Context, r gen.GetLoadRequestObject) (gen.GetLoadResponseObject, error) {
	from, until := s.lookBack(r.Params.From, r.Params.Until, 30)
	served, err := s.served(ctx, r.Params.Schedule, from, until)
	if err != nil {
		return nil, err
	}
	pages, err := s.Duty.PagesOf(ctx, from, until)
	if err != nil {
		return nil, err
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	zone := func(person string) string { return zoneOf(c, person).String() }
	loads := oncall.Loads(each(served, func(v catalog.Served) oncall.Shift { return v.Shift }), zone)
	return gen.GetLoad200JSONResponse{From: from, Until: until, People: each(loads, func(l oncall.Load) gen.PersonLoad {
		return gen.PersonLoad{
			Person: l.Person, Name: nameOf(c, l.Person), Hours: hours(l.Total), NightHours: hours(l.Night), Nights: l.Nights,
			WeekendHours: hours(l.Weekend), Pages: pages[l.Person],
		}
	})}, nil
}

// hours are given to the hundredth.
func hours(d time.Duration) float32 { return float32(d.Round(36 * time.Second).Hours()) }

func servedOf(v catalog.Served) gen.ServedShift {
	return gen.ServedShift{
		Person: v.Person, Schedule: v.Schedule, Rotation: v.Rotation, Layer: v.Layer, From: v.From.UTC(), Until: v.Until.UTC(),
		Override: v.Override, Temporary: v.Temporary, Reason: v.Reason, Source: v.Source, By: v.By, CatalogVersion: v.Version,
	}
}
