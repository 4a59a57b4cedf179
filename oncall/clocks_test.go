package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// window is a schedule that has somebody within one window of one weekday.
func windowed(zone, day, from, until string) oncall.Schedule {
	s := daily(zone, "12:00", "2026-01-01", "ann")
	s.Rotations[0].During = []oncall.Window{{Days: []string{day}, From: from, Until: until}}
	return s
}

// Each case is a window in the night of a clock change, and when it holds. The
// change in Cairo is at midnight.
func TestWindowsOverClockChanges(t *testing.T) {
	const never = ""
	tests := []struct{ zone, day, from, until, begins, ends string }{
		{"Europe/Berlin", "saturday", "22:00", "06:00", "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"},
		{"Europe/Berlin", "sunday", "02:15", "02:45", "2026-03-29", never},
		{"Europe/Berlin", "sunday", "02:30", "05:00", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
		{"Europe/Berlin", "sunday", "01:00", "02:30", "2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "sunday", "", "", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"Europe/Berlin", "saturday", "22:00", "06:00", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"},
		{"Europe/Berlin", "sunday", "02:30", "05:00", "2026-10-25T00:30:00Z", "2026-10-25T04:00:00Z"},
		{"Europe/Berlin", "sunday", "00:00", "02:30", "2026-10-24T22:00:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "sunday", "02:10", "02:20", "2026-10-25T00:10:00Z", "2026-10-25T00:20:00Z"},
		{"America/New_York", "saturday", "22:00", "06:00", "2026-03-08T03:00:00Z", "2026-03-08T10:00:00Z"},
		{"America/New_York", "sunday", "02:00", "03:00", "2026-03-08", never},
		{"America/New_York", "saturday", "22:00", "06:00", "2026-11-01T02:00:00Z", "2026-11-01T11:00:00Z"},
		{"America/New_York", "sunday", "01:30", "02:00", "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z"},
		{"Australia/Lord_Howe", "saturday", "22:00", "06:00", "2026-10-03T11:30:00Z", "2026-10-03T19:00:00Z"},
		{"Australia/Lord_Howe", "sunday", "02:00", "02:30", "2026-10-03", never},
		{"Australia/Lord_Howe", "saturday", "22:00", "06:00", "2026-04-04T11:00:00Z", "2026-04-04T19:30:00Z"},
		{"Australia/Lord_Howe", "sunday", "01:45", "03:00", "2026-04-04T14:45:00Z", "2026-04-04T16:30:00Z"},
		{"Africa/Cairo", "thursday", "22:00", "06:00", "2026-04-23T20:00:00Z", "2026-04-24T03:00:00Z"},
		{"Africa/Cairo", "friday", "00:00", "00:30", "2026-04-24", never},
		{"Africa/Cairo", "friday", "00:00", "08:00", "2026-04-23T22:00:00Z", "2026-04-24T05:00:00Z"},
		{"Africa/Cairo", "thursday", "22:00", "06:00", "2026-10-29T19:00:00Z", "2026-10-30T04:00:00Z"},
		{"Africa/Cairo", "thursday", "23:15", "23:45", "2026-10-29T20:15:00Z", "2026-10-29T20:45:00Z"},
		{"Africa/Cairo", "friday", "00:00", "01:00", "2026-10-29T22:00:00Z", "2026-10-29T23:00:00Z"},
	}
	for _, test := range tests {
		t.Run(test.zone+" "+test.begins+" "+test.from, func(t *testing.T) {
			s := windowed(test.zone, test.day, test.from, test.until)
			require.Empty(t, s.Validate())
			if test.ends == never {
				day := instant(t, test.begins+"T00:00:00Z")
				require.Empty(t, s.Shifts(day.AddDate(0, 0, -2), day.AddDate(0, 0, 3)))
				return
			}
			begins, ends := instant(t, test.begins), instant(t, test.ends)
			shifts := s.Shifts(begins.AddDate(0, 0, -2), ends.AddDate(0, 0, 2))
			require.Len(t, shifts, 1)
			require.Equal(t, []time.Time{begins, ends}, []time.Time{shifts[0].From.UTC(), shifts[0].Until.UTC()})
			require.Equal(t, "ann", who(s.At(begins)))
			require.Equal(t, "nobody", who(s.At(begins.Add(-time.Second))))
			require.Equal(t, "ann", who(s.At(ends.Add(-time.Second))))
			require.Equal(t, "nobody", who(s.At(ends)))
		})
	}
}

// Hourly turns are as long as they say; turns of days and weeks end when the
// clock on the wall says so.
func TestLengthsOverClockChanges(t *testing.T) {
	type layer = oncall.Layer
	tests := map[string]struct {
		zone  string
		layer layer
		want  []string
	}{
		"twelve hours, Berlin, spring": {
			"Europe/Berlin",
			layer{Every: oncall.Hourly, Length: 12, HandOff: "09:00", Start: "2026-03-28"},
			[]string{"2026-03-28T08:00:00Z", "2026-03-28T20:00:00Z", "2026-03-29T08:00:00Z", "2026-03-29T20:00:00Z"},
		},
		"hours from a skipped one, Berlin": {
			"Europe/Berlin",
			layer{Every: oncall.Hourly, HandOff: "02:30", Start: "2026-03-29"},
			[]string{"2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z", "2026-03-29T03:00:00Z"},
		},
		"hours over a repeated one, Lord Howe": {
			"Australia/Lord_Howe",
			layer{Every: oncall.Hourly, HandOff: "01:00", Start: "2026-04-05"},
			[]string{"2026-04-04T14:00:00Z", "2026-04-04T15:00:00Z", "2026-04-04T16:00:00Z"},
		},
		"three days, Berlin, autumn": {
			"Europe/Berlin",
			layer{Every: oncall.Daily, Length: 3, HandOff: "09:00", Start: "2026-10-23"},
			[]string{"2026-10-23T07:00:00Z", "2026-10-26T08:00:00Z", "2026-10-29T08:00:00Z"},
		},
		"two weeks, New York, spring": {
			"America/New_York",
			layer{Every: oncall.Weekly, Length: 2, Weekday: "monday", HandOff: "09:00", Start: "2026-03-02"},
			[]string{"2026-03-02T14:00:00Z", "2026-03-16T13:00:00Z", "2026-03-30T13:00:00Z"},
		},
		"two weeks from a Wednesday": {
			"Europe/Berlin",
			layer{Every: oncall.Weekly, Length: 2, Weekday: "monday", HandOff: "09:00", Start: "2026-03-18"},
			[]string{"2026-03-18T08:00:00Z", "2026-03-30T07:00:00Z", "2026-04-13T07:00:00Z"},
		},
		"days at midnight, Cairo, spring": {
			"Africa/Cairo",
			layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-04-22"},
			[]string{"2026-04-21T22:00:00Z", "2026-04-22T22:00:00Z", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
		},
		"days at midnight, Cairo, autumn": {
			"Africa/Cairo",
			layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-10-29"},
			[]string{"2026-10-28T21:00:00Z", "2026-10-29T22:00:00Z", "2026-10-30T22:00:00Z"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.layer.Participants = []string{"a", "b", "c", "d", "e"}
			s := oncall.Schedule{ID: "s", Zone: test.zone, Rotations: []oncall.Rotation{{Name: "primary", Layer: test.layer}}}
			require.Empty(t, s.Validate())
			last := instant(t, test.want[len(test.want)-1])
			require.Equal(t, "nobody", who(s.At(instant(t, test.want[0]).Add(-1))))
			for i, shift := range s.Shifts(last.AddDate(0, -2, 0), last.Add(time.Second)) {
				require.Equal(t, test.want[i], shift.From.UTC().Format(time.RFC3339))
				require.Equal(t, test.layer.Participants[i], shift.Person)
			}
			require.Equal(t, test.layer.Participants[len(test.want)-1], who(s.At(last)))
		})
	}
}

// Europe hands over to America and back; each by its own clocks, which change
// two weeks apart.
func TestFollowTheSun(t *testing.T) {
	day := oncall.Layer{Name: "europe", Every: oncall.Daily, HandOff: "08:00", Start: "2026-01-01", Participants: []string{"ann", "ben"}}
	west := oncall.Layer{
		Name: "america", Zone: "America/New_York", Every: oncall.Weekly, Weekday: "monday", HandOff: "12:00", Start: "2026-01-05",
		Participants: []string{"dan", "eve"}, During: []oncall.Window{{From: "12:00", Until: "24:00"}},
	}
	s := oncall.Schedule{ID: "s", Zone: "Europe/Berlin", Rotations: []oncall.Rotation{
		{Name: "primary", Layers: []oncall.Layer{day, west}}, {Name: "secondary", Follows: "primary"},
	}}
	require.Empty(t, s.Validate())
	tests := map[string][]string{
		"2026-03-02T11:59:00-05:00": {"ann", "ben", "europe"},
		"2026-03-02T12:00:00-05:00": {"dan", "eve", "america"},
		"2026-03-02T23:59:00-05:00": {"dan", "eve", "america"},
		"2026-03-03T00:00:00-05:00": {"ann", "ben", "europe"},
		// Only America has changed its clocks: it takes over an hour earlier.
		"2026-03-09T16:59:00+01:00": {"ben", "ann", "europe"},
		"2026-03-09T17:00:00+01:00": {"eve", "dan", "america"},
		"2026-03-10T05:00:00+01:00": {"ben", "ann", "europe"},
		"2026-03-30T17:59:00+02:00": {"ann", "ben", "europe"},
		"2026-03-30T18:00:00+02:00": {"dan", "eve", "america"},
	}
	for at, want := range tests {
		got := s.At(instant(t, at))
		require.Len(t, got, 2)
		require.Equal(t, want, []string{got[0].Person, got[1].Person, got[0].Layer}, at)
	}
	got := s.At(instant(t, "2026-03-02T12:00:00-05:00"))
	require.Equal(t, "layer america of rotation primary", got[0].Reason)
	require.Equal(t, "next in layer america of rotation primary", got[1].Reason)
	require.Equal(t, "2026-03-02 18:00 CET", got[0].From.Format("2006-01-02 15:04 MST"), "times are told in the zone of the schedule")
}

func TestFollowersSkipThePersonWhoHasTheTurn(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann", "ann", "ben", "cat")
	s.Rotations = append(s.Rotations, oncall.Rotation{Name: "secondary", Follows: "primary"}, oncall.Rotation{Name: "third", Follows: "secondary"})
	s.Overrides = []oncall.Override{{Person: "ben", From: utc(1, 12), Until: utc(1, 13)}}
	require.Empty(t, s.Validate())
	for day, want := range [][]string{{"ann", "ben", "cat"}, {"ann", "ben", "cat"}, {"ben", "cat", "ann"}, {"cat", "ann", "ben"}} {
		var got []string
		for _, shift := range s.At(utc(1+day, 10)) {
			got = append(got, shift.Person)
		}
		require.Equal(t, want, got)
	}
	require.Equal(t, "ben", s.At(utc(1, 12))[1].Person, "an override of the first moves nobody in the second")
	require.Equal(t, []string{"ann", "ben", "cat"}, s.Participants("third"))
}
