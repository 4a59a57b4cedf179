package catalog

import (
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Era is a catalog with the span in which it was or is in force.
type Era struct {
	Catalog     *Catalog
	From, Until time.Time
}

// History is the catalogs of a span, one after the other. Before the first one
// nobody was on call.
type History []Era

// Served is a shift with the version of the catalog that was in force when it
// began.
type Served struct {
	oncall.Shift
	Version int
}

// At returns the catalog in force at a moment, or false when there was none.
func (h History) At(t time.Time) (*Catalog, bool) {
	for _, era := range slices.Backward(h) {
		if !t.Before(era.From) && t.Before(era.Until) {
			return era.Catalog, true
		}
	}
	return nil, false
}

// Schedules returns the schedules of the span, each as it was declared last,
// in the order in which they were first.
func (h History) Schedules() []oncall.Schedule {
	var out []oncall.Schedule
	for _, era := range h {
		for _, s := range era.Catalog.Schedules {
			i := slices.IndexFunc(out, func(o oncall.Schedule) bool { return o.ID == s.ID })
			if i < 0 {
				out = append(out, s)
				continue
			}
			out[i] = s
		}
	}
	return out
}

// Shifts returns who was or will be on call in a schedule in [from, until), cut
// to that span and sorted by beginning. A shift goes on over an apply that
// changes nothing about it.
func (h History) Shifts(schedule string, from, until time.Time) []Served {
	var out []Served
	for _, era := range h {
		calendar, ok := era.Catalog.Calendar(schedule)
		begin, end := era.From, era.Until
		if begin.Before(from) {
			begin = from
		}
		if end.After(until) {
			end = until
		}
		if !ok || !begin.Before(end) {
			continue
		}
		for _, shift := range calendar.Shifts(begin, end) {
			out = appendServed(out, Served{shift, era.Catalog.Version})
		}
	}
	return out
}

// appendServed joins a shift to one that it goes on from.
func appendServed(list []Served, s Served) []Served {
	for i := range list {
		last := &list[i]
		if last.Until.Equal(s.From) && last.Person == s.Person && last.Rotation == s.Rotation && last.Reason == s.Reason {
			last.Until = s.Until
			return list
		}
	}
	return append(list, s)
}

// Handed is a change of who is on call in a rotation, at one moment. Somebody
// who is on call before and after it is in neither list.
type Handed struct {
	Schedule, Rotation string
	At                 time.Time
	Incoming, Outgoing []string
}

// Handed returns the hand-offs of a schedule in (from, until], in their order.
// Where there was no catalog before, nobody handed anything over.
func (h History) Handed(schedule string, from, until time.Time) []Handed {
	// A little more is asked for, so that shifts which begin at the end count.
	shifts := h.Shifts(schedule, from, until.Add(time.Minute))
	var out []Handed
	for _, s := range shifts {
		for _, at := range []time.Time{s.From, s.Until} {
			_, known := h.At(at.Add(-time.Nanosecond))
			if !known || !at.After(from) || at.After(until) || slices.ContainsFunc(out, func(d Handed) bool {
				return d.At.Equal(at) && d.Rotation == s.Rotation
			}) {
				continue
			}
			if d := handed(shifts, s.Rotation, at); len(d.Incoming)+len(d.Outgoing) > 0 {
				out = append(out, d)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Handed) int { return a.At.Compare(b.At) })
	return out
}

// handed compares who is on call right before and at a moment.
func handed(shifts []Served, rotation string, at time.Time) Handed {
	var before, after []string
	d := Handed{Rotation: rotation, At: at}
	for _, s := range shifts {
		if s.Rotation != rotation {
			continue
		}
		d.Schedule = s.Schedule
		if s.From.Before(at) && !s.Until.Before(at) {
			before = append(before, s.Person)
		}
		if !s.From.After(at) && s.Until.After(at) {
			after = append(after, s.Person)
		}
	}
	d.Incoming, d.Outgoing = without(after, before), without(before, after)
	return d
}

func without(list, others []string) []string {
	var out []string
	for _, one := range list {
		if !slices.Contains(others, one) && !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
