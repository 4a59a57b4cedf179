package oncall

import (
	"cmp"
	"slices"
	"time"
	// Zones must be known wherever the program runs, also in an image
	// without zone files.
	_ "time/tzdata"
)

// Calendar is a schedule made ready to be asked often: its zones are loaded
// and its dates are read. It is safe for concurrent use.
type Calendar struct {
	// first is the name of the first rotation.
	first     string
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
	if first, ok := s.Rotation(""); ok {
		out.first = first.Name
	}
	for _, spec := range s.Rotations {
		if root, _ := s.root(spec); len(s.checkRotation(spec)) == 0 && len(s.checkRotation(root)) == 0 {
			out.rotations = append(out.rotations, newRotation(s, spec, loc))
		}
	}
	return out
}

// At returns a shift for everybody who is on call at t, in the order of the
// rotations. Nobody is on call in a rotation before its layers start, unless
// an override or a temporary schedule says so. A shift reaches as far as the
// reason for it: to the next hand-over, to where the hours of a layer end, or
// to where an override begins or ends.
func (c *Calendar) At(t time.Time) []Shift {
	out := make([]Shift, 0, len(c.rotations))
	for i := range c.rotations {
		out = append(out, c.rotations[i].shifts(t)...)
	}
	return out
}

// On answers as At does, for one rotation; an empty name means the first.
func (c *Calendar) On(rotation string, t time.Time) []Shift {
	rotation = cmp.Or(rotation, c.first)
	for i := range c.rotations {
		if c.rotations[i].name == rotation {
			return c.rotations[i].shifts(t)
		}
	}
	return nil
}

// shifts returns who is on call at t, in the zone of the schedule.
func (r *rotation) shifts(t time.Time) []Shift {
	list, _ := r.at(t)
	for i := range list {
		list[i].From, list[i].Until = list[i].From.In(r.loc), list[i].Until.In(r.loc)
	}
	return list
}

// Shifts returns who is on call in [from, until), cut to that span and sorted
// by beginning, then by the order of the rotations. Neighbouring shifts of
// one person in one rotation are one shift when their reason is the same.
func (c *Calendar) Shifts(from, until time.Time) []Shift {
	var out []Shift
	if !from.Before(until) {
		return out
	}
	for i := range c.rotations {
		out = append(out, c.rotations[i].between(span{from, until})...)
	}
	slices.SortStableFunc(out, func(a, b Shift) int { return a.From.Compare(b.From) })
	return out
}

// Change returns the next instant after t at which somebody's duty may change,
// and before which nobody's does; false when none ever will.
func (c *Calendar) Change(t time.Time) (time.Time, bool) {
	var steady span
	for i := range c.rotations {
		_, s := c.rotations[i].at(t)
		steady = steady.and(s)
	}
	return steady.until, !steady.until.IsZero()
}

// At answers as Calendar.At does. Whoever asks more than once should keep the
// Calendar.
func (s Schedule) At(t time.Time) []Shift { return s.Calendar().At(t) }

// Shifts answers as Calendar.Shifts does.
func (s Schedule) Shifts(from, until time.Time) []Shift {
	return s.Calendar().Shifts(from, until)
}
