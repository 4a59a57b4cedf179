package oncall_test

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// oracle watches clocks on the wall, minute by minute, and turns to the next
// participant whenever one first shows at least the next hand-over. It is slow
// and has no arithmetic to get wrong: it compares what clocks show as text.
type oracle struct {
	schedule oncall.Schedule
	layers   map[string][]*layerOracle
}

const wallClock = "2006-01-02 15:04"

func newOracle(t *testing.T, s oncall.Schedule) *oracle {
	t.Helper()
	o := &oracle{schedule: s, layers: map[string][]*layerOracle{}}
	for _, r := range s.Rotations {
		for _, l := range r.Stack() {
			loc, err := time.LoadLocation(cmp.Or(l.Zone, s.Zone))
			require.NoError(t, err)
			next := l.Start + " " + l.HandOff
			o.layers[r.Name] = append(o.layers[r.Name], &layerOracle{Layer: l, loc: loc, turn: -1, next: next})
		}
	}
	return o
}

// at must be asked for every minute in turn. It returns who is on call in each
// rotation.
func (o *oracle) at(now time.Time) map[string][]string {
	for _, layers := range o.layers {
		for _, l := range layers {
			l.tick(now)
		}
	}
	out := map[string][]string{}
	for i, r := range o.schedule.Rotations {
		mine := func(rotation string) bool { return rotation == r.Name || i == 0 && rotation == "" }
		people := o.turns(r)
		for _, t := range o.schedule.Temporary {
			if mine(t.Rotation) && within(now, t.From, t.Until) {
				people = fixed(t, now)
			}
		}
		for _, override := range o.schedule.Overrides {
			if mine(override.Rotation) && within(now, override.From, override.Until) {
				people = overridden(people, override)
			}
		}
		out[r.Name] = people
	}
	return out
}

// turns returns who has the turn in the uppermost layer that has anybody.
func (o *oracle) turns(r oncall.Rotation) []string {
	later := 0
	for r.Follows != "" {
		r, _ = o.schedule.Rotation(r.Follows)
		later++
	}
	for _, l := range slices.Backward(o.layers[r.Name]) {
		if l.turn < 0 || !l.holds() {
			continue
		}
		who, passed := l.turn, []string{l.Participants[l.turn]}
		for len(passed) <= later {
			who = (who + 1) % len(l.Participants)
			if next := l.Participants[who]; !slices.Contains(passed, next) {
				passed = append(passed, next)
			}
		}
		return passed[later:]
	}
	return nil
}

func within(now, from, until time.Time) bool { return !now.Before(from) && now.Before(until) }

func fixed(t oncall.Temporary, now time.Time) []string {
	var people []string
	for _, f := range t.Shifts {
		if within(now, f.From, f.Until) && !slices.Contains(people, f.Person) {
			people = append(people, f.Person)
		}
	}
	return people
}

func overridden(people []string, o oncall.Override) []string {
	goes := slices.Index(people, o.Of)
	comes := o.Person != "" && !slices.Contains(people, o.Person)
	switch {
	case o.Kind == oncall.Add && comes:
		return append(people, o.Person)
	case o.Kind == oncall.Add || o.Of != "" && goes < 0:
		return people
	case o.Of == "":
		return []string{o.Person}
	case comes:
		people[goes] = o.Person
		return people
	}
	return slices.Delete(people, goes, goes+1)
}

// layerOracle is one layer and the clock by which it goes.
type layerOracle struct {
	oncall.Layer
	loc *time.Location
	// wall is the latest that the clock has shown.
	wall string
	turn int
	next string
	// minutes counts those of an hourly turn.
	minutes int
}

func (l *layerOracle) tick(now time.Time) {
	l.wall = max(l.wall, now.In(l.loc).Format(wallClock))
	length := max(l.Length, 1)
	if l.Every == oncall.Hourly && l.turn >= 0 {
		if l.minutes++; l.minutes == 60*length {
			l.minutes = 0
			l.turn = (l.turn + 1) % len(l.Participants)
		}
		return
	}
	for l.wall >= l.next {
		l.turn = (l.turn + 1) % len(l.Participants)
		for range length {
			l.next = l.following(l.next)
		}
		if l.Every == oncall.Hourly {
			return
		}
	}
}

// following counts days on a calendar that knows no zone.
func (l *layerOracle) following(wall string) string {
	for {
		date, weekday := nextDate(wall[:len(time.DateOnly)])
		wall = date + wall[len(time.DateOnly):]
		if l.Every != oncall.Weekly || weekday == l.Weekday {
			return wall
		}
	}
}

func nextDate(date string) (next, weekday string) {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		panic(err)
	}
	t = t.AddDate(0, 0, 1)
	return t.Format(time.DateOnly), t.Weekday().String()
}

func (l *layerOracle) holds() bool { return l.During == nil || windowHolds(l.During, nil, l.wall) }

// windowHolds looks at the windows that began yesterday, and today.
func windowHolds(windows []oncall.Window, except []string, wall string) bool {
	date, err := time.Parse(time.DateOnly, wall[:len(time.DateOnly)])
	if err != nil {
		panic(err)
	}
	for _, begins := range []time.Time{date.AddDate(0, 0, -1), date} {
		on := begins.Format(time.DateOnly)
		if slices.Contains(except, on) {
			continue
		}
		for _, w := range windows {
			if len(w.Days) > 0 && !slices.Contains(w.Days, begins.Weekday().String()) {
				continue
			}
			ends := on
			from, until := cmp.Or(w.From, "00:00"), cmp.Or(w.Until, "24:00")
			if until < from {
				ends, _ = nextDate(on)
			}
			if on+" "+from <= wall && wall < ends+" "+until {
				return true
			}
		}
	}
	return false
}
