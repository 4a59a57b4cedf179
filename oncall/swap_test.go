package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func TestCovers(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2026, 3, d, h, 0, 0, 0, time.UTC) }
	calendar := oncall.Schedule{ID: "s", Zone: "UTC", Rotations: []oncall.Rotation{{
		Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2026-03-01", Participants: []string{"a", "b"}},
	}}, Overrides: []oncall.Override{
		{Schedule: "s", Rotation: "primary", Kind: oncall.Add, Person: "b", From: day(1, 12), Until: day(1, 15)},
	}}.Calendar()
	for name, test := range map[string]struct {
		person      string
		from, until time.Time
		want        bool
	}{
		"the whole turn":          {"a", day(1, 9), day(2, 9), true},
		"a part":                  {"a", day(1, 10), day(1, 11), true},
		"two duties side by side": {"a", day(1, 11), day(1, 16), true},
		"one too early":           {"a", day(1, 8), day(1, 11), false},
		"one too late":            {"a", day(2, 8), day(2, 10), false},
		"somebody else's":         {"b", day(1, 10), day(1, 11), false},
		"the added":               {"b", day(1, 12), day(1, 15), true},
		"beyond the added":        {"b", day(1, 12), day(1, 16), false},
		"nothing":                 {"a", day(1, 10), day(1, 10), false},
	} {
		got := calendar.Covers(test.person, oncall.Span{Rotation: "primary", From: test.from, Until: test.until})
		require.Equal(t, test.want, got, name)
	}
	require.True(t, calendar.Covers("a", oncall.Span{From: day(1, 9), Until: day(2, 9)}), "without a name it is the first rotation")
}

func TestSpansOverlap(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := oncall.Span{Rotation: "primary", From: at, Until: at.Add(4 * time.Hour)}
	for name, test := range map[string]struct {
		other oncall.Span
		want  bool
	}{
		"itself":           {s, true},
		"a part":           {oncall.Span{Rotation: "primary", From: at.Add(time.Hour), Until: at.Add(2 * time.Hour)}, true},
		"the end of it":    {oncall.Span{Rotation: "primary", From: at.Add(3 * time.Hour), Until: at.Add(9 * time.Hour)}, true},
		"right after":      {oncall.Span{Rotation: "primary", From: at.Add(4 * time.Hour), Until: at.Add(9 * time.Hour)}, false},
		"another rotation": {oncall.Span{Rotation: "secondary", From: at, Until: at.Add(4 * time.Hour)}, false},
	} {
		require.Equal(t, test.want, s.Overlaps(test.other), name)
		require.Equal(t, test.want, test.other.Overlaps(s), name)
	}
}

func TestSwapIsTwoReplacements(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := oncall.Swap{
		ID: "s-1", Schedule: "pay", Giver: "a", Taker: "b", Reason: "dentist",
		Give: oncall.Span{Rotation: "primary", From: at.Add(48 * time.Hour), Until: at.Add(50 * time.Hour)},
		Take: oncall.Span{Rotation: "secondary", From: at, Until: at.Add(time.Hour)},
	}
	require.Equal(t, at, s.Begins())
	got := s.Overrides()
	require.Len(t, got, 2)
	require.Equal(t, oncall.Override{
		Schedule: "pay", Rotation: "primary", Kind: oncall.Replace, Person: "b", Of: "a", From: s.Give.From, Until: s.Give.Until,
		Reason: "swap of a and b: dentist", By: "a",
	}, got[0])
	require.Equal(t, "a", got[1].Person)
	require.Equal(t, "secondary", got[1].Rotation)
}
