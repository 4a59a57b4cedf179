package oncall

import (
	"slices"
	"time"
)

// windows are Windows whose texts are read. Nil windows always hold.
type windows struct {
	loc    *time.Location
	list   []window
	except []day
}

// window begins on some days, at a time of day, and ends so long after the
// midnight before it.
type window struct {
	days        [7]bool
	from, until time.Duration
}

// newWindows reads valid windows. No list at all is nil windows, an empty one
// never holds.
func newWindows(specs []Window, except []string, loc *time.Location) *windows {
	if specs == nil {
		return nil
	}
	out := &windows{loc: loc}
	for _, spec := range specs {
		from, until, _ := spec.bounds()
		w := window{from: from, until: until}
		if until < from {
			w.until += fullDay
		}
		for d := range w.days {
			w.days[d] = len(spec.Days) == 0
		}
		for _, name := range spec.Days {
			d, _ := parseWeekday(name)
			w.days[d] = true
		}
		out.list = append(out.list, w)
	}
	for _, text := range except {
		d, _ := parseDay(text)
		out.except = append(out.except, d)
	}
	slices.Sort(out.except)
	return out
}

// at reports whether the windows hold when clocks show that, and around that
// the span in which it stays so, give or take a window that a gap swallowed.
func (w *windows) at(clock wall) (bool, span) {
	if w == nil {
		return true, span{}
	}
	var from, until wall
	var begun, ends bool
	holds := w.holds(clock)
	if holds {
		from, begun = w.opened(clock)
		until, ends = w.closes(clock)
	} else {
		from, begun = w.closed(clock)
		until, ends = w.opens(clock)
	}
	var out span
	if begun {
		out.from = instant(from, w.loc)
	}
	if ends {
		out.until = instant(until, w.loc)
	}
	return holds, out
}

// on calls yield for the windows that begin on a date, with their bounds.
func (w *windows) on(d day, yield func(from, until wall)) {
	if _, excepted := slices.BinarySearch(w.except, d); excepted {
		return
	}
	weekday := d.weekday()
	for i := range w.list {
		if w.list[i].days[weekday] {
			yield(d.at(w.list[i].from), d.at(w.list[i].until))
		}
	}
}

func (w *windows) holds(clock wall) bool {
	found := false
	// A window that passes midnight began the day before.
	for d := clock.day() - 1; d <= clock.day(); d++ {
		w.on(d, func(from, until wall) { found = found || from <= clock && clock < until })
	}
	return found
}

// horizon is how many days are searched for a bound: within two weeks every
// window has come, unless an excepted day took its place.
const horizon = 14

// closes returns the end of the windows that hold, one after the other; false
// when they never end. Where beyond the horizon only an excepted day may be
// what ends them, it stops right before that.
func (w *windows) closes(clock wall) (wall, bool) {
	for last := clock.day() + horizon; clock.day() <= last; {
		end := clock
		for d := clock.day() - 1; d <= clock.day(); d++ {
			w.on(d, func(from, until wall) {
				if from <= clock {
					end = max(end, until)
				}
			})
		}
		if end == clock {
			return clock, true
		}
		clock = end
	}
	i, _ := slices.BinarySearch(w.except, clock.day())
	if i == len(w.except) {
		return 0, false
	}
	return max(clock, (w.except[i] - 1).at(0)), true
}

// opened returns the beginning of the windows that hold, one after the other,
// as closes does their end.
func (w *windows) opened(clock wall) (wall, bool) {
	clock++
	for first := clock.day() - horizon; clock.day() >= first; {
		begin := clock
		for d := clock.day() - 2; d <= clock.day(); d++ {
			w.on(d, func(from, until wall) {
				if clock <= until {
					begin = min(begin, from)
				}
			})
		}
		if begin == clock {
			return clock, true
		}
		clock = begin
	}
	return clock, w.exceptBefore(clock)
}

// opens returns when the next window begins, as closes does when the present
// ones end.
func (w *windows) opens(clock wall) (wall, bool) {
	last := clock.day() + horizon
	next := (last + 1).at(0)
	for d := clock.day(); d <= last; d++ {
		w.on(d, func(from, _ wall) {
			if from > clock {
				next = min(next, from)
			}
		})
		if next < (d + 1).at(0) {
			return next, true
		}
	}
	return next, len(w.except) > 0 && w.except[len(w.except)-1] >= clock.day()
}

// closed returns when the last window ended, as closes does when the present
// ones end.
func (w *windows) closed(clock wall) (wall, bool) {
	first := clock.day() - horizon
	last := first.at(0)
	for d := clock.day(); d >= first; d-- {
		w.on(d, func(_, until wall) {
			if until <= clock {
				last = max(last, until)
			}
		})
		// One that began on the day before ends before the next day does.
		if last >= (d + 1).at(0) {
			return last, true
		}
	}
	return last, last > first.at(0) || w.exceptBefore(clock)
}

func (w *windows) exceptBefore(clock wall) bool {
	return len(w.except) > 0 && w.except[0] <= clock.day()
}
