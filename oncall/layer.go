package oncall

import (
	"cmp"
	"slices"
	"time"
)

// layer is a Layer whose texts are read.
type layer struct {
	name string
	loc  *time.Location
	// people says who has the duty in which turn, going round. Somebody may
	// be empty: nobody.
	people []string
	// begin is the instant of the first hand-over.
	begin time.Time
	// hours is the length of a turn in seconds; zero when days are counted.
	hours int64
	// days is the number of days of a full turn, and handOff the local time of
	// day at which it begins.
	days    int
	handOff time.Duration
	// start is the date of the first turn, second that of the next one: a
	// weekly layer may start on another day than it hands over.
	start, second day
	during        *windows
}

// newLayer reads a valid layer of a schedule in that zone.
func newLayer(spec Layer, zone string) layer {
	loc, _ := loadZone(cmp.Or(spec.Zone, zone))
	start, _ := parseDay(spec.Start)
	handOff, _ := parseTimeOfDay(spec.HandOff)
	length := max(spec.Length, 1)
	out := layer{
		name: spec.Name, loc: loc, people: spec.Participants, begin: instant(start.at(handOff), loc),
		handOff: handOff, start: start, during: newWindows(spec.During, nil, loc),
	}
	switch spec.Every {
	case Hourly:
		out.hours = int64(length) * int64(time.Hour/time.Second)
	case Daily:
		out.days, out.second = length, start+day(length)
	case Weekly:
		weekday, _ := parseWeekday(spec.Weekday)
		out.days, out.second = 7*length, start+1
		for out.second.weekday() != weekday {
			out.second++
		}
		out.second += day(7 * (length - 1))
	}
	return out
}

// following returns the layer with everyone replaced by whoever comes so many
// different people later, by nobody where there are too few.
func (l layer) following(later int) layer {
	people := make([]string, len(l.people))
	for i := range l.people {
		var passed []string
		for n := 0; n < len(l.people) && len(passed) <= later; n++ {
			person := l.people[(i+n)%len(l.people)]
			if slices.Contains(passed, person) {
				continue
			}
			if passed = append(passed, person); len(passed) > later {
				people[i] = person
			}
		}
	}
	l.people = people
	return l
}

// at returns who has the turn at t, which is nobody when the layer does not
// hold or has not begun, and around t the span in which that stays so.
func (l *layer) at(t time.Time) (string, span) {
	if t.Before(l.begin) {
		return "", span{until: l.begin}
	}
	clock := shown(t, l.loc)
	open, hours := l.during.at(clock)
	if !open {
		return "", hours
	}
	n, turn := l.turn(t, clock)
	return l.people[n%len(l.people)], turn.and(hours)
}

// turn returns the number and the span of the turn that holds t, which is not
// before the first one, and at which clocks show that.
func (l *layer) turn(t time.Time, clock wall) (int, span) {
	if l.hours > 0 {
		n := (t.Unix() - l.begin.Unix()) / l.hours
		from := l.begin.Unix() + n*l.hours
		return int(n), span{time.Unix(from, 0), time.Unix(from+l.hours, 0)}
	}
	today := clock.day()
	if clock.timeOfDay() < l.handOff {
		today--
	}
	n := 0
	if today >= l.second {
		n = 1 + int(today-l.second)/l.days
	}
	return n, span{l.handOver(n), l.handOver(n + 1)}
}

// handOver returns the instant at which turn n begins, where days are counted.
func (l *layer) handOver(n int) time.Time {
	if n == 0 {
		return l.begin
	}
	return instant((l.second + day((n-1)*l.days)).at(l.handOff), l.loc)
}
