package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func daily(zone, handOff, start string, people ...string) oncall.Schedule {
	return oncall.Schedule{ID: "s", Zone: zone, Rotations: []oncall.Rotation{{
		Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: handOff, Start: start, Participants: people},
	}}}
}

func weekly(zone, weekday, handOff, start string, people ...string) oncall.Schedule {
	s := daily(zone, handOff, start, people...)
	s.Rotations[0].Every, s.Rotations[0].Weekday = oncall.Weekly, weekday
	return s
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return out
}

func who(shifts []oncall.Shift) string {
	if len(shifts) == 0 {
		return "nobody"
	}
	return shifts[0].Person
}

// Each case looks at the second before a hand-over and at the hand-over, so
// that both sides of a clock change are told apart.
func TestAtOverClockChanges(t *testing.T) {
	tests := []struct {
		name            string
		schedule        oncall.Schedule
		at              string
		before, from    string
		reachesOverDays time.Duration
	}{
		{"Berlin, spring, day of the change", daily("Europe/Berlin", "09:00", "2026-03-01", "a", "b"), "2026-03-29T07:00:00Z", "b", "a", 24 * time.Hour},
		{"Berlin, spring, day before it", daily("Europe/Berlin", "09:00", "2026-03-01", "a", "b"), "2026-03-28T08:00:00Z", "a", "b", 23 * time.Hour},
		{"Berlin, spring, skipped half hour", daily("Europe/Berlin", "02:30", "2026-03-01", "a", "b"), "2026-03-29T01:00:00Z", "b", "a", 23*time.Hour + 30*time.Minute},
		{"Berlin, autumn, day before it", daily("Europe/Berlin", "09:00", "2026-10-01", "a", "b"), "2026-10-24T07:00:00Z", "a", "b", 25 * time.Hour},
		{"Berlin, autumn, repeated half hour", daily("Europe/Berlin", "02:30", "2026-10-01", "a", "b"), "2026-10-25T00:30:00Z", "b", "a", 25 * time.Hour},
		{"Berlin, weekly over spring", weekly("Europe/Berlin", "monday", "09:00", "2026-03-02", "a", "b"), "2026-03-23T08:00:00Z", "a", "b", 7*24*time.Hour - time.Hour},
		{"Berlin, weekly over autumn", weekly("Europe/Berlin", "monday", "09:00", "2026-10-05", "a", "b"), "2026-10-19T07:00:00Z", "b", "a", 7*24*time.Hour + time.Hour},
		{"New York, spring, skipped", daily("America/New_York", "02:00", "2026-03-01", "a", "b"), "2026-03-08T07:00:00Z", "a", "b", 23 * time.Hour},
		{"New York, autumn, repeated", daily("America/New_York", "01:15", "2026-10-31", "a", "b"), "2026-11-01T05:15:00Z", "a", "b", 25 * time.Hour},
		{"New York, weekly in a skipped hour", weekly("America/New_York", "Sunday", "02:30", "2026-03-01", "a", "b", "c"), "2026-03-08T07:00:00Z", "a", "b", 7*24*time.Hour - 30*time.Minute},
		{"Lord Howe, half an hour skipped", daily("Australia/Lord_Howe", "02:15", "2026-10-03", "a", "b"), "2026-10-03T15:30:00Z", "a", "b", 23*time.Hour + 45*time.Minute},
		{"Lord Howe, half an hour repeated", daily("Australia/Lord_Howe", "01:45", "2026-04-04", "a", "b"), "2026-04-04T14:45:00Z", "a", "b", 24*time.Hour + 30*time.Minute},
		{"Santiago, midnight skipped", daily("America/Santiago", "00:00", "2026-09-05", "a", "b"), "2026-09-06T04:00:00Z", "a", "b", 23 * time.Hour},
		{"Santiago, last hour of the day repeated", daily("America/Santiago", "23:30", "2026-04-03", "a", "b"), "2026-04-05T02:30:00Z", "a", "b", 25 * time.Hour},
		{"Apia, a day that never was", daily("Pacific/Apia", "09:00", "2011-12-28", "a", "b", "c", "d"), "2011-12-30T10:00:00Z", "b", "c", 9 * time.Hour},
		{"Singapore never changes", daily("Asia/Singapore", "08:00", "2026-03-01", "a", "b"), "2026-03-29T00:00:00Z", "b", "a", 24 * time.Hour},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			require.Empty(t, test.schedule.Validate())
			at := instant(t, test.at)
			require.Equal(t, test.before, who(test.schedule.At(at.Add(-time.Second))))
			shifts := test.schedule.At(at)
			require.Equal(t, test.from, who(shifts))
			require.Equal(t, at, shifts[0].From.UTC())
			require.Equal(t, test.reachesOverDays, shifts[0].Until.Sub(shifts[0].From))
		})
	}
}

func TestAtBeforeTheStartHasNobody(t *testing.T) {
	s := weekly("Europe/Berlin", "monday", "09:00", "2026-01-07", "a", "b")
	start := instant(t, "2026-01-07T09:00:00+01:00")
	require.Empty(t, s.At(start.Add(-time.Second)))
	require.Empty(t, s.At(time.Time{}))
	require.Equal(t, "a", who(s.At(start)))
	require.Equal(t, instant(t, "2026-01-12T09:00:00+01:00"), s.At(start)[0].Until.UTC().In(start.Location()),
		"the first turn ends on the first weekday of the hand-over")
	require.Equal(t, "b", who(s.At(instant(t, "2026-01-12T09:00:00+01:00"))))
	require.Equal(t, "a", who(s.At(instant(t, "2026-01-19T09:00:00+01:00"))))
}

func TestAtAnswersInTheOrderOfTheRotations(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "a", "b")
	s.Rotations = append(
		s.Rotations,
		oncall.Rotation{Name: "later", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2027-01-01", Participants: []string{"x"}}},
		oncall.Rotation{Name: "secondary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "12:00", Start: "2026-01-01", Participants: []string{"b", "a"}}},
	)
	require.Equal(t, []oncall.Shift{
		{Person: "b", Schedule: "s", Rotation: "primary", From: utc(2, 9), Until: utc(3, 9), Reason: "rotation primary"},
		{Person: "b", Schedule: "s", Rotation: "secondary", From: utc(1, 12), Until: utc(2, 12), Reason: "rotation secondary"},
	}, s.At(utc(2, 10)))
}

func utc(day, hour int) time.Time { return time.Date(2026, 1, day, hour, 0, 0, 0, time.UTC) }

func TestOverrides(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-02", "a", "b")
	s.Overrides = []oncall.Override{
		{Person: "x", From: utc(3, 12), Until: utc(5, 12), Reason: "holiday"},
		{Rotation: "primary", Person: "y", From: utc(4, 0), Until: utc(4, 6)},
		{Person: "early", From: utc(1, 0), Until: utc(1, 6)},
		{Person: "never", From: utc(3, 0), Until: utc(3, 0)},
	}
	shift := func(person, reason string, from, until time.Time) oncall.Shift {
		return oncall.Shift{
			Person: person, Schedule: "s", Rotation: "primary", From: from, Until: until,
			Reason: reason, Override: reason != "rotation primary",
		}
	}
	want := []oncall.Shift{
		shift("early", "override", utc(1, 0), utc(1, 6)),
		shift("a", "rotation primary", utc(2, 9), utc(3, 9)),
		shift("b", "rotation primary", utc(3, 9), utc(3, 12)),
		shift("x", "override: holiday", utc(3, 12), utc(4, 0)),
		shift("y", "override", utc(4, 0), utc(4, 6)),
		shift("x", "override: holiday", utc(4, 6), utc(5, 12)),
		shift("b", "rotation primary", utc(5, 12), utc(6, 9)),
		shift("a", "rotation primary", utc(6, 9), utc(6, 10)),
	}
	require.Equal(t, want, s.Shifts(utc(1, 0), utc(6, 10)))
	for _, expected := range want[:len(want)-1] {
		require.Equal(t, []oncall.Shift{expected}, s.At(expected.From))
		require.Equal(t, []oncall.Shift{expected}, s.At(expected.Until.Add(-1)))
	}
}

func TestShiftsAreMergedAndCut(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-02", "a")
	s.Rotations = append(s.Rotations, oncall.Rotation{
		Name: "secondary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2026-01-01", Participants: []string{"b", "b", "c"}},
	})
	got := s.Shifts(utc(1, 10), utc(4, 10))
	require.Equal(t, []oncall.Shift{
		{Person: "b", Schedule: "s", Rotation: "secondary", From: utc(1, 10), Until: utc(3, 9), Reason: "rotation secondary"},
		{Person: "a", Schedule: "s", Rotation: "primary", From: utc(2, 9), Until: utc(4, 10), Reason: "rotation primary"},
		{Person: "c", Schedule: "s", Rotation: "secondary", From: utc(3, 9), Until: utc(4, 9), Reason: "rotation secondary"},
		{Person: "b", Schedule: "s", Rotation: "secondary", From: utc(4, 9), Until: utc(4, 10), Reason: "rotation secondary"},
	}, got)
	require.Empty(t, s.Shifts(utc(4, 0), utc(4, 0)))
	require.Empty(t, s.Shifts(utc(4, 0), utc(3, 0)))
}

func TestWhatIsNotValidHasNobody(t *testing.T) {
	s := daily("Nowhere/Land", "09:00", "2026-01-01", "a")
	require.Empty(t, s.At(utc(2, 0)))
	s.Zone = "UTC"
	s.Rotations = append(s.Rotations, oncall.Rotation{Name: "broken", Layer: oncall.Layer{Every: oncall.Daily, Participants: []string{"b"}}})
	require.Len(t, s.At(utc(2, 0)), 1)
}
