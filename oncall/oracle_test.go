package oncall_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// oracle watches a clock on the wall, minute by minute, and turns to the next
// participant whenever it first shows at least the next hand-over. It is slow
// and has no arithmetic to get wrong.
type oracle struct {
	schedule oncall.Schedule
	loc      *time.Location
	turns    int
	next     string
}

const wallClock = "2006-01-02 15:04"

func newOracle(t *testing.T, s oncall.Schedule) *oracle {
	t.Helper()
	loc, err := time.LoadLocation(s.Zone)
	require.NoError(t, err)
	r := s.Rotations[0]
	return &oracle{schedule: s, loc: loc, turns: -1, next: r.Start + " " + r.HandOff}
}

// at must be asked for every minute in turn.
func (o *oracle) at(now time.Time) string {
	wall := now.In(o.loc).Format(wallClock)
	for wall >= o.next {
		o.turns++
		o.next = o.following(o.next)
	}
	person := "nobody"
	if r := o.schedule.Rotations[0]; o.turns >= 0 {
		person = r.Participants[o.turns%len(r.Participants)]
	}
	for _, override := range o.schedule.Overrides {
		if !now.Before(override.From) && now.Before(override.Until) {
			person = override.Person
		}
	}
	return person
}

// following counts days on a calendar that knows no zone.
func (o *oracle) following(wall string) string {
	r := o.schedule.Rotations[0]
	date, err := time.Parse(wallClock, wall)
	if err != nil {
		panic(err)
	}
	for {
		date = date.AddDate(0, 0, 1)
		if r.Every == oncall.Daily || date.Weekday().String() == r.Weekday {
			return date.Format(wallClock)
		}
	}
}

var oracleZones = []string{
	"Europe/Berlin", "America/New_York", "America/Santiago", "Australia/Lord_Howe",
	"America/St_Johns", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Beirut", "UTC",
}

func randomSchedule(random *rand.Rand, zone string, start time.Time) oncall.Schedule {
	r := oncall.Rotation{
		Name: "primary", Layer: oncall.Layer{
			Every: oncall.Daily, Start: start.Format(time.DateOnly),
			HandOff: fmt.Sprintf("%02d:%02d", []int{0, 0, 1, 2, 3, 9, 23}[random.IntN(7)], 15*random.IntN(4)),
		},
	}
	if random.IntN(2) == 0 {
		r.Every, r.Weekday = oncall.Weekly, time.Weekday(random.IntN(7)).String()
	}
	for i := range 1 + random.IntN(5) {
		r.Participants = append(r.Participants, fmt.Sprintf("p%d", i))
	}
	s := oncall.Schedule{ID: "s", Zone: zone, Rotations: []oncall.Rotation{r}}
	for i := range random.IntN(4) {
		from := start.Add(time.Duration(random.IntN(20*24*60)) * time.Minute)
		s.Overrides = append(s.Overrides, oncall.Override{
			Person: fmt.Sprintf("o%d", i), From: from, Until: from.Add(time.Duration(1+random.IntN(9000)) * time.Minute),
		})
	}
	return s
}

func TestAtAgreesWithAClockOnTheWall(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	// 2010 still had changes one minute after midnight in St. John's.
	starts := []time.Time{
		time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC),
		time.Date(2010, 10, 30, 0, 0, 0, 0, time.UTC), time.Date(2011, 3, 5, 0, 0, 0, 0, time.UTC),
	}
	for _, zone := range oracleZones {
		for _, start := range starts {
			s := randomSchedule(random, zone, start)
			require.Empty(t, s.Validate())
			requireOracle(t, s, start.Add(-24*time.Hour), start.Add(28*24*time.Hour))
		}
	}
}

// requireOracle compares At and Shifts with the oracle at every minute.
func requireOracle(t *testing.T, s oncall.Schedule, from, until time.Time) {
	t.Helper()
	calendar, slow := s.Calendar(), newOracle(t, s)
	shifts := calendar.Shifts(from, until)
	for now := from; now.Before(until); now = now.Add(time.Minute) {
		want := slow.at(now)
		got := calendar.At(now)
		if want != who(got) {
			require.Equal(t, want, who(got), "at %s of %+v", now, s)
		}
		for len(shifts) > 0 && !now.Before(shifts[0].Until) {
			shifts = shifts[1:]
		}
		if want == "nobody" {
			continue
		}
		if shifts[0].Person != want || shifts[0].From.After(now) || got[0].From.After(now) || !now.Before(got[0].Until) {
			require.FailNow(t, "a shift does not hold its moment", "at %s of %+v: %+v, %+v", now, s, shifts[0], got[0])
		}
	}
}

func BenchmarkAt(b *testing.B) {
	s := oncall.Schedule{ID: "s", Zone: "Europe/Berlin"}
	for _, name := range []string{"primary", "secondary", "tertiary"} {
		r := oncall.Rotation{
			Name: name, Layer: oncall.Layer{Every: oncall.Weekly, Weekday: "monday", HandOff: "09:00", Start: "2024-01-01"},
		}
		for i := range 20 {
			r.Participants = append(r.Participants, fmt.Sprintf("%s-%d", name, i))
		}
		s.Rotations = append(s.Rotations, r)
	}
	at := time.Date(2026, 11, 18, 12, 0, 0, 0, time.UTC)
	b.Run("calendar", func(b *testing.B) {
		calendar := s.Calendar()
		for b.Loop() {
			calendar.At(at)
		}
	})
	b.Run("schedule", func(b *testing.B) {
		for b.Loop() {
			s.At(at)
		}
	})
}
