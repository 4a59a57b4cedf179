package oncall

import (
	"slices"
	"time"
)

// rotation is a Rotation whose texts are read.
type rotation struct {
	schedule     string
	name         string
	loc          *time.Location
	participants []string
	overrides    []Override
	// every is the number of days of a full turn, 1 or 7.
	every int
	// handOff is the local time of day of the hand-over.
	handOff time.Duration
	// start is the date of the first turn, second that of the next one: a
	// weekly rotation may start on another day than it hands over.
	start, second day
}

func newRotation(spec Rotation, loc *time.Location) (rotation, bool) {
	if len(checkRotation(spec)) > 0 {
		return rotation{}, false
	}
	spec.Layer = spec.Stack()[0]
	start, _ := parseDay(spec.Start)
	handOff, _ := parseTimeOfDay(spec.HandOff)
	out := rotation{
		name: spec.Name, loc: loc, participants: spec.Participants,
		every: 1, handOff: handOff, start: start, second: start + 1,
	}
	if spec.Every == Weekly {
		weekday, _ := parseWeekday(spec.Weekday)
		out.every = 7
		for out.second.weekday() != weekday {
			out.second++
		}
	}
	return out, true
}

// at returns the piece of duty that holds t.
func (r *rotation) at(t time.Time) (Shift, bool) {
	piece := Shift{Schedule: r.schedule, Rotation: r.name}
	// Later overrides win, so they cut what lies below them.
	for _, o := range slices.Backward(r.overrides) {
		if !o.From.After(t) && t.Before(o.Until) {
			piece.Person, piece.Reason, piece.Override = o.Person, overrideReason(o), true
			return piece.within(o.From, o.Until, r.loc), true
		}
		if !o.From.Before(o.Until) {
			continue
		}
		if o.From.After(t) {
			piece.Until = earlier(piece.Until, o.From)
			continue
		}
		piece.From = later(piece.From, o.Until)
	}
	from, until, person := r.turn(t)
	if person == "" {
		return Shift{}, false
	}
	piece.Person, piece.Reason = person, "rotation "+r.name
	return piece.within(from, until, r.loc), true
}

func overrideReason(o Override) string {
	if o.Reason == "" {
		return "override"
	}
	return "override: " + o.Reason
}

// within cuts the shift, where it has bounds already, to [from, until).
func (s Shift) within(from, until time.Time, loc *time.Location) Shift {
	s.From = later(s.From, from).In(loc)
	s.Until = earlier(s.Until, until).In(loc)
	return s
}

// later and earlier compare times of which a may not be set.
func later(a, b time.Time) time.Time {
	if a.IsZero() || b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// turn returns the turn that holds t, without overrides. Before the start the
// person is empty.
func (r *rotation) turn(t time.Time) (from, until time.Time, person string) {
	today := dayOf(t.In(r.loc))
	// The hand-over of tomorrow may lie before t where clocks are set back
	// over midnight.
	n := r.turnOn(today + 1)
	for n >= 0 {
		from = r.handOver(n)
		if !from.After(t) {
			return from, r.handOver(n + 1), r.participants[n%len(r.participants)]
		}
		n--
	}
	return time.Time{}, r.handOver(0), ""
}

// turnOn returns the number of the last turn that begins on or before a date,
// negative before the first.
func (r *rotation) turnOn(d day) int {
	if d < r.start {
		return -1
	}
	if d < r.second {
		return 0
	}
	return 1 + int(d-r.second)/r.every
}

// handOver returns the instant at which turn n begins.
func (r *rotation) handOver(n int) time.Time {
	if n == 0 {
		return instant(r.start, r.handOff, r.loc)
	}
	return instant(r.second+day((n-1)*r.every), r.handOff, r.loc)
}

// between returns the merged shifts of [from, until).
func (r *rotation) between(from, until time.Time) []Shift {
	var out []Shift
	for t := from; t.Before(until); {
		shift, ok := r.at(t)
		if !ok {
			next, more := r.wakes(t)
			if !more {
				break
			}
			t = next
			continue
		}
		t = shift.Until
		out = appendShift(out, shift.within(from, until, r.loc))
	}
	return out
}

// wakes returns the first instant after t, at which nobody is on call, when
// somebody may be.
func (r *rotation) wakes(t time.Time) (time.Time, bool) {
	var next time.Time
	if start := r.handOver(0); start.After(t) {
		next = start
	}
	for _, o := range r.overrides {
		if o.From.After(t) {
			next = earlier(next, o.From)
		}
	}
	return next, !next.IsZero()
}

// appendShift joins a shift to the one before when they are one person's.
func appendShift(list []Shift, s Shift) []Shift {
	if len(list) > 0 {
		last := &list[len(list)-1]
		if last.Person == s.Person && last.Reason == s.Reason && last.Until.Equal(s.From) {
			last.Until = s.Until
			return list
		}
	}
	return append(list, s)
}
