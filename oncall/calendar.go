package oncall

import (
	"slices"
	"time"
	// Zones must be known wherever the program runs, also in an image
	// without zone files.
	_ "time/tzdata"
)

// Calendar is a schedule made ready to be asked often: its zone is loaded and
// its dates are read. It is safe for concurrent use.
type Calendar struct {
	rotations []rotation
}

// Calendar prepares the schedule. What Validate would complain about is left
// out: a rotation that is not valid has nobody on call.
func (s Schedule) Calendar() *Calendar {
	loc, err := loadZone(s.Zone)
	if err != nil {
		return &Calendar{}
	}
	out := &Calendar{}
	for i, spec := range s.Rotations {
		r, ok := newRotation(spec, loc)
		if !ok {
			continue
		}
		r.schedule = s.ID
		for _, o := range s.Overrides {
			if o.Rotation == spec.Name || o.Rotation == "" && i == 0 {
				r.overrides = append(r.overrides, o)
			}
		}
		out.rotations = append(out.rotations, r)
	}
	return out
}

// At returns one shift for each rotation that has somebody at t, in the order
// of the rotations. Nobody is on call in a rotation before its start, unless
// an override says so. Where overrides overlap, the one that is listed last
// holds. The shift reaches to the next hand-off, or to where an override
// begins or ends.
func (c *Calendar) At(t time.Time) []Shift {
	out := make([]Shift, 0, len(c.rotations))
	for i := range c.rotations {
		if shift, ok := c.rotations[i].at(t); ok {
			out = append(out, shift)
		}
	}
	return out
}

// Shifts returns who is on call in [from, until), cut to that span and sorted
// by beginning, then by the order of the rotations. Neighbouring shifts of
// one person in one rotation are one shift.
func (c *Calendar) Shifts(from, until time.Time) []Shift {
	var out []Shift
	for i := range c.rotations {
		out = append(out, c.rotations[i].between(from, until)...)
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.From.Compare(b.From) })
	return out
}

// At answers as Calendar.At does. Whoever asks more than once should keep the
// Calendar.
func (s Schedule) At(t time.Time) []Shift { return s.Calendar().At(t) }

// Shifts answers as Calendar.Shifts does.
func (s Schedule) Shifts(from, until time.Time) []Shift {
	return s.Calendar().Shifts(from, until)
}
