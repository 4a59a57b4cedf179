package oncall_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

var oracleZones = []string{
	"Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Africa/Cairo",
	"America/St_Johns", "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "Asia/Beirut", "UTC",
}

// changes returns when the clocks of a zone were or will be changed. 2010 still
// had changes one minute after midnight in St. John's, and 2011 lacked a day
// in Apia.
func changes(t *testing.T, zone string) []time.Time {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	require.NoError(t, err)
	var out []time.Time
	for _, year := range []int{2010, 2011, 2026} {
		at := time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC)
		for {
			_, next := at.In(loc).ZoneBounds()
			if next.IsZero() || next.UTC().Year() != year {
				break
			}
			at = next.UTC()
			out = append(out, at)
		}
	}
	if len(out) == 0 {
		out = append(out, time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC))
	}
	return out
}

// dice makes schedules at random around a moment.
type dice struct {
	*rand.Rand
	around time.Time
}

func (d dice) pick(list ...string) string { return list[d.IntN(len(list))] }

func (d dice) people() []string {
	out := make([]string, 3+d.IntN(4))
	for i := range out {
		out[i] = d.pick("a", "b", "c", "d", "e")
	}
	return append(out, "a", "b", "c")
}

func (d dice) timeOfDay() string {
	return fmt.Sprintf("%02d:%02d", []int{0, 0, 1, 2, 3, 9, 23}[d.IntN(7)], 15*d.IntN(4))
}

// moment returns a minute within a week of the middle.
func (d dice) moment() time.Time {
	return d.around.Add(time.Duration(d.IntN(14*24*60)-7*24*60) * time.Minute).Truncate(time.Minute)
}

func (d dice) span() (from, until time.Time) {
	from = d.moment()
	return from, from.Add(time.Duration(1+d.IntN(5000)) * time.Minute)
}

func (d dice) layer(name string) oncall.Layer {
	l := oncall.Layer{
		Name: name, Start: d.around.AddDate(0, 0, d.IntN(8)-4).Format(time.DateOnly), HandOff: d.timeOfDay(),
		Length: d.IntN(4), Participants: d.people(), Every: oncall.Daily,
	}
	switch d.IntN(3) {
	case 0:
		l.Every, l.Length = oncall.Hourly, d.IntN(30)
	case 1:
		l.Every, l.Weekday = oncall.Weekly, time.Weekday(d.IntN(7)).String()
	}
	if d.IntN(3) == 0 {
		l.Zone = d.pick(oracleZones...)
	}
	if d.IntN(3) > 0 {
		l.During = d.windows()
	}
	return l
}

func (d dice) windows() []oncall.Window {
	var out []oncall.Window
	for range 1 + d.IntN(3) {
		w := oncall.Window{From: d.timeOfDay(), Until: d.pick("24:00", "17:00", d.timeOfDay())}
		for day := time.Sunday; day <= time.Saturday && d.IntN(4) > 0; day++ {
			w.Days = append(w.Days, day.String())
		}
		if d.IntN(5) == 0 && len(w.Days) > 0 {
			w.From, w.Until = "", ""
		}
		if w.From != w.Until || w.From == "" {
			out = append(out, w)
		}
	}
	if out == nil {
		return []oncall.Window{{From: "22:00", Until: "06:00"}}
	}
	return out
}

func (d dice) override(rotation string) oncall.Override {
	o := oncall.Override{Rotation: rotation, Kind: oncall.Replace, Person: d.pick("a", "b", "c", "x")}
	o.From, o.Until = d.span()
	switch d.IntN(4) {
	case 0:
		o.Kind = oncall.Add
	case 1:
		o.Kind, o.Person, o.Of = oncall.Remove, "", d.pick("a", "b", "c", "x")
	case 2:
		for o.Of == "" || o.Of == o.Person {
			o.Of = d.pick("a", "b", "c", "d", "e", "x")
		}
	}
	return o
}

func (d dice) temporary(rotation string) oncall.Temporary {
	out := oncall.Temporary{Rotation: rotation}
	out.From, out.Until = d.span()
	for range d.IntN(4) {
		f := oncall.FixedShift{Person: d.pick("a", "x", "y"), From: out.From, Until: out.Until}
		if length := int(out.Until.Sub(out.From) / time.Minute); d.IntN(3) > 0 && length > 2 {
			f.From = f.From.Add(time.Duration(d.IntN(length/2)) * time.Minute)
			f.Until = f.Until.Add(-time.Duration(d.IntN(length/2)) * time.Minute)
		}
		out.Shifts = append(out.Shifts, f)
	}
	return out
}

// schedule has one to three layers, a rotation that follows them, one that
// follows that, and one of a single layer.
func (d dice) schedule(zone string) oncall.Schedule {
	first := oncall.Rotation{Name: "primary"}
	for i := range 1 + d.IntN(3) {
		first.Layers = append(first.Layers, d.layer(fmt.Sprintf("layer-%d", i)))
	}
	s := oncall.Schedule{ID: "s", Zone: zone, Rotations: []oncall.Rotation{
		first,
		{Name: "secondary", Follows: "primary"},
		{Name: "third", Follows: "secondary"},
		{Name: "single", Layer: d.layer("")},
	}}
	for range d.IntN(8) {
		s.Overrides = append(s.Overrides, d.override(d.pick("", "primary", "secondary", "single")))
	}
	for range d.IntN(3) {
		s.Temporary = append(s.Temporary, d.temporary(d.pick("", "primary", "single")))
	}
	return s
}

func TestAtAgreesWithAClockOnTheWall(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, zone := range oracleZones {
		t.Run(zone, func(t *testing.T) {
			all := changes(t, zone)
			for range 2 {
				change := all[random.IntN(len(all))]
				s := dice{random, change}.schedule(zone)
				require.Empty(t, s.Validate())
				newWatch(t, s).run(change.AddDate(0, 0, -6), change.AddDate(0, 0, 5))
			}
		})
	}
}

// watch compares a calendar with the oracle at every minute.
type watch struct {
	t        *testing.T
	schedule oncall.Schedule
	calendar *oncall.Calendar
	shifts   []oncall.Shift
	// seen holds who was on call a minute ago, and promised until when the
	// calendar said that nothing would change.
	seen     map[string][]string
	promised time.Time
	held     map[duty]*held
}

type duty struct{ rotation, person string }

// held says from when on a person has had a duty, and until when the calendar
// said that they would.
type held struct{ since, until time.Time }

func newWatch(t *testing.T, s oncall.Schedule) *watch {
	t.Helper()
	return &watch{t: t, schedule: s, calendar: s.Calendar(), held: map[duty]*held{}}
}

func (w *watch) run(from, until time.Time) {
	w.t.Helper()
	slow := newOracle(w.t, w.schedule)
	w.shifts = w.calendar.Shifts(from, until)
	for now := from; now.Before(until); now = now.Add(time.Minute) {
		want := slow.at(now)
		w.shifts = slices.DeleteFunc(w.shifts, func(s oncall.Shift) bool { return !s.Until.After(now) })
		got := w.calendar.At(now)
		for _, r := range w.schedule.Rotations {
			w.people(now, r.Name, want[r.Name], got)
			if now.Before(w.promised) && !slices.Equal(want[r.Name], w.seen[r.Name]) {
				w.fail(now, "%s changed before %s", r.Name, w.promised)
			}
		}
		w.spans(now, want, got)
		w.seen = want
		w.promised, _ = w.calendar.Change(now)
		if !w.promised.After(now) {
			w.fail(now, "the next change is not later: %s", w.promised)
		}
	}
}

func (w *watch) fail(now time.Time, format string, args ...any) {
	w.t.Helper()
	require.FailNow(w.t, fmt.Sprintf(format, args...), "at %s of %+v", now, w.schedule)
}

// people holds who is on call in one rotation against the oracle.
func (w *watch) people(now time.Time, rotation string, want []string, all []oncall.Shift) {
	w.t.Helper()
	var at, merged []string
	for _, s := range all {
		if s.Rotation == rotation {
			at = append(at, s.Person)
		}
	}
	for _, s := range w.shifts {
		if s.Rotation == rotation && !s.From.After(now) {
			merged = append(merged, s.Person)
		}
	}
	if !slices.Equal(want, at) {
		w.fail(now, "%s: want %v, At says %v", rotation, want, at)
	}
	slices.Sort(merged)
	if !slices.Equal(slices.Sorted(slices.Values(want)), merged) {
		w.fail(now, "%s: want %v, Shifts says %v", rotation, want, merged)
	}
}

// spans holds the bounds that At tells against who was and will be on call.
func (w *watch) spans(now time.Time, want map[string][]string, got []oncall.Shift) {
	w.t.Helper()
	for d, h := range w.held {
		if slices.Contains(want[d.rotation], d.person) {
			continue
		}
		if now.Before(h.until) {
			w.fail(now, "%+v was to last until %s", d, h.until)
		}
		delete(w.held, d)
	}
	for _, s := range got {
		d := duty{s.Rotation, s.Person}
		if w.held[d] == nil {
			w.held[d] = &held{}
			if w.seen != nil {
				w.held[d].since = now
			}
		}
		if s.From.After(now) || s.From.Before(w.held[d].since) || !s.Until.After(now) {
			w.fail(now, "%+v has the wrong bounds, on call since %s", s, w.held[d].since)
		}
		w.held[d].until = s.Until
	}
}
