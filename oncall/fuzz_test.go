package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// moment returns a moment in one of the years that people write.
func moment(seconds int64) time.Time {
	const aDay, years = 24 * 60 * 60, 9000
	day := (seconds / aDay) % (years * 365)
	return time.Date(5000, 1, 1, 0, 0, int(seconds%aDay), 0, time.UTC).AddDate(0, 0, int(day/2))
}

func FuzzSchedule(f *testing.F) {
	f.Add("Europe/Berlin", "weekly", 2, "09:00", "monday", "2026-01-05", "22:00", int64(0))
	f.Add("Pacific/Apia", "hourly", 1000, "24:00", "", "2011-12-30", "00:00", int64(48_000_000_000))
	f.Add("UTC", "daily", -1, "9:00", "Someday", "0000-00-00", "", int64(-1))
	f.Fuzz(func(t *testing.T, zone, every string, length int, handOff, weekday, start, from string, at int64) {
		l := oncall.Layer{
			Name: "one", Zone: zone, Every: oncall.Cadence(every), Length: length, HandOff: handOff, Weekday: weekday, Start: start,
			Participants: []string{"a", "b"},
		}
		if from != "" {
			l.During = []oncall.Window{{From: from, Until: handOff}, {Days: []string{weekday}}}
		}
		s := oncall.Schedule{ID: "s", Zone: "UTC", Rotations: []oncall.Rotation{
			{Name: "primary", Layers: []oncall.Layer{l}}, {Name: "secondary", Follows: "primary"},
		}}
		problems, now := s.Validate(), moment(at)
		shifts := s.At(now)
		if len(problems) > 0 {
			require.Empty(t, shifts)
			return
		}
		for _, shift := range shifts {
			require.False(t, shift.From.After(now))
			require.True(t, shift.Until.After(now))
		}
		next, ok := s.Calendar().Change(now)
		require.True(t, ok)
		require.True(t, next.After(now))
		s.Shifts(now, now.AddDate(0, 0, 3))
	})
}

func FuzzHours(f *testing.F) {
	f.Add("Europe/Berlin", "monday", "09:00", "17:00", "2026-12-25", int64(0))
	f.Add("America/Santiago", "", "22:00", "06:00", "9999-12-31", int64(56_000_000_000))
	f.Add("Nowhere", "mondays", "24:00", "24:00", "tomorrow", int64(-5))
	f.Fuzz(func(t *testing.T, zone, day, from, until, except string, at int64) {
		h := oncall.Hours{ID: "h", Zone: zone, During: []oncall.Window{{From: from, Until: until}}, Except: []string{except}}
		if day != "" {
			h.During[0].Days = []string{day}
		}
		now := moment(at)
		if len(h.Validate()) > 0 {
			require.False(t, h.Holds(now))
			return
		}
		clock := h.Clock()
		if next, ok := clock.Change(now); ok {
			require.True(t, next.After(now))
			require.NotEqual(t, clock.Holds(now), clock.Holds(next))
		}
	})
}
