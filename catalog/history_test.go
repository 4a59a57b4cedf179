package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// march returns a moment in March 2026, in UTC.
func march(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, time.UTC) }

// daily is a catalog whose schedule passes from person to person each day.
func daily(version int, people ...string) *catalog.Catalog {
	return &catalog.Catalog{Version: version, Schedules: []oncall.Schedule{{ID: "pay", Zone: "UTC", Rotations: []oncall.Rotation{{
		Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2026-03-01", Participants: people},
	}}}}}
}

func TestHistoryIsOneCatalogAfterTheOther(t *testing.T) {
	h := catalog.History{
		{Catalog: daily(1, "ann", "ben"), From: march(1, 9), Until: march(2, 12)},
		{Catalog: daily(2, "ann", "ben"), From: march(2, 12), Until: march(3, 12)},
		{Catalog: daily(3, "cai"), From: march(3, 12), Until: march(4, 12)},
	}
	type shift struct {
		person      string
		from, until time.Time
		version     int
	}
	var got []shift
	for _, s := range h.Shifts("pay", march(1, 12), march(4, 12)) {
		got = append(got, shift{s.Person, s.From.UTC(), s.Until.UTC(), s.Version})
	}
	require.Equal(t, []shift{
		{"ann", march(1, 12), march(2, 9), 1},
		{"ben", march(2, 9), march(3, 9), 1}, // an apply that changes nothing does not cut it
		{"ann", march(3, 9), march(3, 12), 2},
		{"cai", march(3, 12), march(4, 12), 3},
	}, got)
	require.Empty(t, h.Shifts("x", march(1, 0), march(4, 0)))
	require.Len(t, h.Schedules(), 1)
	c, ok := h.At(march(2, 12))
	require.True(t, ok)
	require.Equal(t, 2, c.Version)
	for _, outside := range []time.Time{march(1, 8), march(4, 12)} {
		_, ok = h.At(outside)
		require.False(t, ok)
	}
}

func TestHanded(t *testing.T) {
	declared := daily(1, "ann", "ben")
	declared.People = []catalog.Person{{ID: "ann"}, {ID: "ben"}, {ID: "cai"}}
	c := declared.With(catalog.Overlay{Overrides: []oncall.Override{
		{Schedule: "pay", Rotation: "primary", Kind: oncall.Add, Person: "cai", From: march(2, 12), Until: march(3, 9)},
		{Schedule: "pay", Rotation: "primary", Kind: oncall.Replace, Person: "ben", Of: "ann", From: march(3, 9), Until: march(3, 18)},
	}})
	h := catalog.History{
		{Catalog: c, From: march(1, 0), Until: march(4, 0)},
		{Catalog: daily(2, "dan"), From: march(4, 0), Until: march(5, 0)},
	}
	got := h.Handed("pay", march(1, 12), march(4, 0))
	require.Equal(t, []catalog.Handed{
		{Schedule: "pay", Rotation: "primary", At: got[0].At, Incoming: []string{"ben"}, Outgoing: []string{"ann"}},
		{Schedule: "pay", Rotation: "primary", At: got[1].At, Incoming: []string{"cai"}},
		{Schedule: "pay", Rotation: "primary", At: got[2].At, Outgoing: []string{"cai"}}, // ben stays for ann
		{Schedule: "pay", Rotation: "primary", At: got[3].At, Incoming: []string{"ann"}, Outgoing: []string{"ben"}},
		{Schedule: "pay", Rotation: "primary", At: got[4].At, Incoming: []string{"dan"}, Outgoing: []string{"ann"}},
	}, got)
	for i, want := range []time.Time{march(2, 9), march(2, 12), march(3, 9), march(3, 18), march(4, 0)} {
		require.True(t, got[i].At.Equal(want), "%d: %s", i, got[i].At)
	}
	late := catalog.History{{Catalog: c, From: march(1, 12), Until: march(4, 0)}}
	require.Empty(t, late.Handed("pay", march(1, 0), march(1, 13)), "the first catalog hands nothing over")
	require.Empty(t, h.Handed("pay", march(2, 9), march(2, 11)), "what was right at the beginning was told before")
}

func TestQuietHours(t *testing.T) {
	c := &catalog.Catalog{People: []catalog.Person{
		{ID: "ann", Zone: "Europe/Berlin", Rules: catalog.Rules{Quiet: []oncall.Window{{From: "22:00", Until: "07:00"}}}},
		{ID: "ben", Rules: catalog.Rules{Quiet: []oncall.Window{{}}}},
		{ID: "cai"},
	}}
	until, quiet := c.Quiet("ann", march(2, 22))
	require.True(t, quiet, "23:00 in Berlin")
	require.True(t, until.Equal(march(3, 6)))
	// The night in which clocks are set forward.
	until, quiet = c.Quiet("ann", march(28, 23))
	require.True(t, quiet)
	require.True(t, until.Equal(march(29, 5)))
	for person, at := range map[string]time.Time{"ann": march(2, 6), "ben": march(2, 6), "cai": march(2, 6), "zoe": march(2, 6)} {
		_, quiet := c.Quiet(person, at)
		require.False(t, quiet, person)
	}
	require.ErrorContains(t, catalog.Rules{Quiet: []oncall.Window{{From: "00:00", Until: "24:00"}}}.CheckQuiet(), "must leave some time")
	require.NoError(t, catalog.Rules{Quiet: []oncall.Window{{From: "22:00", Until: "07:00"}}}.CheckQuiet())
	require.NoError(t, catalog.Rules{}.CheckQuiet())
}
