package catalog_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// two is a catalog in whose schedule ann and ben take turns, from 09:00 to
// 09:00.
func two() *catalog.Catalog {
	c := daily(1, "ann", "ben")
	c.People = []catalog.Person{{ID: "ann"}, {ID: "ben"}}
	return c
}

// What is to begin now was written a moment ago.
func TestATemporaryScheduleThatBeginsNowIsInForce(t *testing.T) {
	now := march(2, 12)
	made, err := two().CheckTemporary(oncall.Temporary{
		Schedule: "pay", Until: march(2, 18),
		Shifts: []oncall.FixedShift{{Person: "ann", From: now.Add(-20 * time.Second), Until: march(2, 18)}},
	}, now)
	require.NoError(t, err)
	require.Equal(t, "primary", made.Rotation)
	require.Equal(t, now, made.From)
	c := two().With(catalog.Overlay{Temporary: []oncall.Temporary{made}})
	require.Equal(t, "ann", c.OnCall(oncall.Target{Schedule: "pay"}, now)[0].Person)
}

func TestWhatNobodyCanMakeOfASchedule(t *testing.T) {
	now := march(2, 12)
	fits := func() oncall.Temporary {
		return oncall.Temporary{Schedule: "pay", From: now, Until: march(2, 18), Shifts: []oncall.FixedShift{
			{Person: "ann", From: now, Until: march(2, 15)}, {Person: "ben", From: march(2, 15), Until: march(2, 18)},
		}}
	}
	for name, test := range map[string]struct {
		spoil func(*oncall.Temporary)
		want  string
	}{
		"fits":             {func(*oncall.Temporary) {}, ""},
		"unknown schedule": {func(o *oncall.Temporary) { o.Schedule = "x" }, `schedule: there is no schedule "x"`},
		"no shifts":        {func(o *oncall.Temporary) { o.Shifts = nil }, "shifts: must hold 1 to 200 shifts"},
		"nobody":           {func(o *oncall.Temporary) { o.Shifts[1].Person = "" }, "shifts[1].person: must name a person"},
		"unknown person":   {func(o *oncall.Temporary) { o.Shifts[1].Person = "zoe" }, `shifts[1].person: there is no person "zoe"`},
		"backwards":        {func(o *oncall.Temporary) { o.Shifts[0].Until = now }, "shifts[0].until: must be later than from"},
		"without an end":   {func(o *oncall.Temporary) { o.Shifts[0].Until = time.Time{} }, "shifts[0].until: must be set"},
		"too long":         {func(o *oncall.Temporary) { o.Shifts[1].Until = march(2, 19) }, "shifts[1]: lies outside the temporary schedule"},
		"too early":        {func(o *oncall.Temporary) { o.Shifts[0].From = march(2, 11) }, "shifts[0]: lies outside the temporary schedule"},
	} {
		temporary := fits()
		test.spoil(&temporary)
		_, err := two().CheckTemporary(temporary, now)
		if test.want == "" {
			require.NoError(t, err, name)
			continue
		}
		require.EqualError(t, err, test.want, name)
	}
}

// Two who are on call together have nothing to swap: each would come for the
// other, and one place would be empty.
func TestASwapOfOneTimeIsRefused(t *testing.T) {
	c := two().With(catalog.Overlay{Overrides: []oncall.Override{
		{Schedule: "pay", Rotation: "primary", Kind: oncall.Add, Person: "ben", From: march(3, 12), Until: march(3, 18)},
	}})
	both := oncall.Span{Rotation: "primary", From: march(3, 12), Until: march(3, 18)}
	swap := oncall.Swap{Schedule: "pay", Giver: "ann", Taker: "ben", Give: both, Take: both}
	_, err := c.CheckSwap(swap, march(2, 12))
	require.ErrorContains(t, err, "take: overlaps what is given")
	swap.Take = oncall.Span{From: march(4, 9), Until: march(4, 12)}
	made, err := c.CheckSwap(swap, march(2, 12))
	require.NoError(t, err)
	require.Equal(t, "primary", made.Take.Rotation)
	swap.Taker = ""
	_, err = c.CheckSwap(swap, march(2, 12))
	require.EqualError(t, err, "taker: must name a person")
}
