package oncall_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func TestLoads(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	shift := func(person string, from, until time.Time) oncall.Shift {
		return oncall.Shift{Person: person, From: from.In(berlin), Until: until.In(berlin)}
	}
	friday := time.Date(2026, 3, 27, 9, 0, 0, 0, berlin)
	shifts := []oncall.Shift{
		shift("weekend", friday, time.Date(2026, 3, 30, 9, 0, 0, 0, berlin)),
		shift("twice", friday, friday.Add(4*time.Hour)),
		shift("twice", friday.Add(2*time.Hour), friday.Add(5*time.Hour)),
		shift("twice", friday.Add(3*time.Hour), friday.Add(4*time.Hour)),
		shift("tokyo", friday, friday.Add(12*time.Hour)),
		shift("short", friday.Add(12*time.Hour), friday.Add(13*time.Hour+30*time.Minute)),
		shift("short", friday.Add(15*time.Hour), friday.Add(16*time.Hour)),
	}
	zones := map[string]string{"weekend": "Europe/Berlin", "twice": "UTC", "tokyo": "Asia/Tokyo"}
	got := oncall.Loads(shifts, func(person string) string { return zones[person] })
	require.Equal(t, []oncall.Load{
		{Person: "short", Total: 150 * time.Minute, Night: 90 * time.Minute, Nights: 1, Weekend: time.Hour},
		// Friday 09:00 in Berlin is 17:00 in Tokyo.
		{Person: "tokyo", Total: 12 * time.Hour, Night: 7 * time.Hour, Nights: 1, Weekend: 5 * time.Hour},
		{Person: "twice", Total: 5 * time.Hour},
		// The night to Sunday, and Sunday itself, lack an hour.
		{Person: "weekend", Total: 71 * time.Hour, Night: 23 * time.Hour, Nights: 3, Weekend: 47 * time.Hour},
	}, got)
	require.Empty(t, oncall.Loads(nil, func(string) string { return "" }))
}

// The oracle asks a clock on the wall at every minute.
func TestLoadsAgreeWithAClockOnTheWall(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"} {
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		all := changes(t, zone)
		middle := all[random.IntN(len(all))]
		s := dice{random, middle}.schedule(zone)
		shifts := s.Shifts(middle.AddDate(0, 0, -5), middle.AddDate(0, 0, 5))
		want := map[string]*oncall.Load{}
		for now := middle.AddDate(0, 0, -5); now.Before(middle.AddDate(0, 0, 5)); now = now.Add(time.Minute) {
			var counted []string
			for _, shift := range shifts {
				if within(now, shift.From, shift.Until) && !slices.Contains(counted, shift.Person) {
					counted = append(counted, shift.Person)
					count(want, shift.Person, now.In(loc))
				}
			}
		}
		for _, got := range oncall.Loads(shifts, func(string) string { return zone }) {
			got.Nights = 0
			require.Equal(t, *want[got.Person], got, "%+v", s)
		}
	}
}

func count(loads map[string]*oncall.Load, person string, now time.Time) {
	if loads[person] == nil {
		loads[person] = &oncall.Load{Person: person}
	}
	l := loads[person]
	l.Total += time.Minute
	if now.Hour() >= 22 || now.Hour() < 6 {
		l.Night += time.Minute
	}
	if now.Weekday() == time.Saturday || now.Weekday() == time.Sunday {
		l.Weekend += time.Minute
	}
}
