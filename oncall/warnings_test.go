package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// a and b take turns day by day; on the first, b is there too from 12 to 15.
func TestWarningsOfAnOverride(t *testing.T) {
	day := func(d, h int) time.Time { return time.Date(2026, 3, d, h, 0, 0, 0, time.UTC) }
	schedule := oncall.Schedule{ID: "s", Zone: "Europe/Berlin", Rotations: []oncall.Rotation{{
		Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "09:00", Start: "2026-03-01", Participants: []string{"a", "b"}},
	}}, Overrides: []oncall.Override{
		{Schedule: "s", Rotation: "primary", Kind: oncall.Add, Person: "b", From: day(1, 12), Until: day(1, 15)},
	}}
	for name, test := range map[string]struct {
		made oncall.Override
		want []string
	}{
		"nobody comes": {
			oncall.Override{Kind: oncall.Remove, Of: "a", From: day(1, 16), Until: day(1, 20)},
			[]string{"nobody is on call in s/primary from 2026-03-01 17:00 CET until 2026-03-01 21:00 CET"},
		},
		"somebody is there for a while": {
			oncall.Override{Kind: oncall.Remove, Of: "a", From: day(1, 10), Until: day(2, 20)},
			[]string{
				"nobody is on call in s/primary from 2026-03-01 11:00 CET until 2026-03-01 13:00 CET",
				"nobody is on call in s/primary from 2026-03-01 16:00 CET until 2026-03-02 09:00 CET",
			},
		},
		"often": {
			oncall.Override{Kind: oncall.Remove, Of: "b", From: day(2, 0), Until: day(12, 0)},
			[]string{
				"nobody is on call in s/primary from 2026-03-02 09:00 CET until 2026-03-03 09:00 CET",
				"nobody is on call in s/primary from 2026-03-04 09:00 CET until 2026-03-05 09:00 CET",
				"nobody is on call in s/primary from 2026-03-06 09:00 CET until 2026-03-07 09:00 CET",
				"nor is anybody 2 more times",
			},
		},
		"somebody is there": {oncall.Override{Kind: oncall.Remove, Of: "a", From: day(1, 12), Until: day(1, 15)}, nil},
		"somebody comes":    {oncall.Override{Kind: oncall.Replace, Of: "a", Person: "b", From: day(1, 16), Until: day(1, 20)}, nil},
		"not theirs": {
			oncall.Override{Kind: oncall.Replace, Of: "b", Person: "a", From: day(1, 16), Until: day(1, 20)},
			[]string{"b is not on call in s/primary in this time: as things stand, it changes nothing"},
		},
		"nor removed": {
			oncall.Override{Kind: oncall.Remove, Of: "b", From: day(1, 16), Until: day(1, 20)},
			[]string{"b is not on call in s/primary in this time: as things stand, it changes nothing"},
		},
		"one more":          {oncall.Override{Kind: oncall.Add, Person: "b", From: day(1, 16), Until: day(1, 20)}, nil},
		"instead of nobody": {oncall.Override{Kind: oncall.Replace, Person: "b", From: day(1, 16), Until: day(1, 20)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			test.made.Schedule, test.made.Rotation = "s", "primary"
			require.Equal(t, test.want, schedule.Warnings(test.made))
		})
	}
}
