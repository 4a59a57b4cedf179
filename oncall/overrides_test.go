package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// names returns who is on call in the first rotation, in their order.
func names(shifts []oncall.Shift) []string {
	out := []string{}
	for _, s := range shifts {
		if s.Rotation == "primary" {
			out = append(out, s.Person)
		}
	}
	return out
}

// Ann has the turn from 09:00 to 09:00; the overrides hold from 12:00 to 18:00
// and are applied one after the other.
func TestOverridesInTheirOrder(t *testing.T) {
	add := func(p string) oncall.Override { return oncall.Override{Kind: oncall.Add, Person: p} }
	remove := func(p string) oncall.Override { return oncall.Override{Kind: oncall.Remove, Of: p} }
	replace := func(p, of string) oncall.Override {
		return oncall.Override{Kind: oncall.Replace, Person: p, Of: of}
	}
	tests := map[string]struct {
		overrides []oncall.Override
		want      []string
	}{
		"none":                          {nil, []string{"ann"}},
		"one more":                      {[]oncall.Override{add("ben")}, []string{"ann", "ben"}},
		"one more, twice":               {[]oncall.Override{add("ben"), add("ben")}, []string{"ann", "ben"}},
		"one who has the turn":          {[]oncall.Override{add("ann")}, []string{"ann"}},
		"nobody left":                   {[]oncall.Override{remove("ann")}, []string{}},
		"who is not on call":            {[]oncall.Override{remove("ben")}, []string{"ann"}},
		"added and removed":             {[]oncall.Override{add("ben"), remove("ben")}, []string{"ann"}},
		"removed and added":             {[]oncall.Override{remove("ben"), add("ben")}, []string{"ann", "ben"}},
		"instead of whoever":            {[]oncall.Override{replace("ben", "")}, []string{"ben"}},
		"instead of everybody":          {[]oncall.Override{add("cat"), replace("ben", "")}, []string{"ben"}},
		"instead of nobody":             {[]oncall.Override{remove("ann"), replace("ben", "")}, []string{"ben"}},
		"instead of one of them":        {[]oncall.Override{add("cat"), replace("ben", "ann")}, []string{"ben", "cat"}},
		"instead of somebody else":      {[]oncall.Override{replace("ben", "cat")}, []string{"ann"}},
		"by somebody who is on call":    {[]oncall.Override{add("ben"), replace("ben", "ann")}, []string{"ben"}},
		"handed on":                     {[]oncall.Override{replace("ben", "ann"), replace("cat", "ben")}, []string{"cat"}},
		"handed on the other way":       {[]oncall.Override{replace("cat", "ben"), replace("ben", "ann")}, []string{"ben"}},
		"handed back":                   {[]oncall.Override{replace("ben", "ann"), replace("ann", "ben")}, []string{"ann"}},
		"the last of two for everybody": {[]oncall.Override{replace("ben", ""), replace("cat", "")}, []string{"cat"}},
		"an old override":               {[]oncall.Override{{Person: "ben"}}, []string{"ben"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := daily("UTC", "09:00", "2026-01-01", "ann", "zoe")
			for i := range test.overrides {
				test.overrides[i].From, test.overrides[i].Until = utc(1, 12), utc(1, 18)
			}
			s.Overrides = test.overrides
			require.Empty(t, s.Validate())
			require.Equal(t, test.want, names(s.At(utc(1, 12))))
			require.Equal(t, test.want, names(s.At(utc(1, 18).Add(-1))))
			require.Equal(t, []string{"ann"}, names(s.At(utc(1, 12).Add(-1))))
			require.Equal(t, []string{"ann"}, names(s.At(utc(1, 18))))
		})
	}
}

func TestAReplacementOfOnePersonFollowsTheTurns(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann", "ben")
	s.Overrides = []oncall.Override{{
		ID: "o-1", Kind: oncall.Replace, Person: "cat", Of: "ann", From: utc(1, 0), Until: utc(4, 0), Reason: "leave", By: "ben",
	}}
	cat := oncall.Shift{
		Person: "cat", Schedule: "s", Rotation: "primary", From: utc(1, 9), Until: utc(2, 9),
		Reason: "override by ben: leave", Override: true, Source: "o-1", By: "ben",
	}
	again := cat
	again.From, again.Until = utc(3, 9), utc(4, 0)
	turn := oncall.Shift{Schedule: "s", Rotation: "primary", Reason: "rotation primary"}
	ben, ann := turn, turn
	ben.Person, ben.From, ben.Until = "ben", utc(2, 9), utc(3, 9)
	ann.Person, ann.From, ann.Until = "ann", utc(4, 0), utc(4, 9)
	require.Equal(t, []oncall.Shift{cat, ben, again, ann}, s.Shifts(utc(0, 0), utc(4, 9)))
}

// Two overrides are what a swap comes to: each has the other's turn.
func TestASwapIsTwoReplacements(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann", "ben", "cat")
	s.Overrides = []oncall.Override{
		{Person: "ben", Of: "ann", From: utc(1, 9), Until: utc(2, 9)},
		{Person: "ann", Of: "ben", From: utc(2, 9), Until: utc(3, 9)},
	}
	for day, person := range []string{"ben", "ann", "cat", "ann"} {
		require.Equal(t, []string{person}, names(s.At(utc(1+day, 10))), day)
	}
}

func TestOverridesOfOthersCutNoShift(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Overrides = []oncall.Override{
		{Kind: oncall.Add, Person: "ben", From: utc(1, 12), Until: utc(1, 18)},
		{Kind: oncall.Remove, Of: "cat", From: utc(1, 13), Until: utc(1, 14)},
	}
	for _, hour := range []int{9, 12, 13, 15, 20} {
		shift := s.At(utc(1, hour))[0]
		require.Equal(t, []time.Time{utc(1, 9), utc(2, 9)}, []time.Time{shift.From, shift.Until}, hour)
	}
	require.Len(t, s.Shifts(utc(1, 9), utc(2, 9)), 2)
}

func TestTemporarySchedules(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Temporary = []oncall.Temporary{{
		ID: "t-1", From: utc(2, 0), Until: utc(3, 0), Reason: "launch", By: "zoe", Shifts: []oncall.FixedShift{
			{Person: "ben", From: utc(2, 0), Until: utc(2, 12)},
			{Person: "cat", From: utc(2, 6), Until: utc(2, 18)},
		},
	}, {ID: "t-2", From: utc(2, 16), Until: utc(2, 17)}}
	s.Overrides = []oncall.Override{{Person: "dan", Of: "cat", From: utc(2, 15), Until: utc(9, 0)}}
	require.Empty(t, s.Validate())
	for hour, want := range map[int][]string{
		0: {"ben"}, 5: {"ben"}, 6: {"ben", "cat"}, 11: {"ben", "cat"}, 12: {"cat"}, 14: {"cat"}, 15: {"dan"},
		16: {}, 17: {"dan"}, 18: {}, 23: {}, 24: {"ann"}, -1: {"ann"},
	} {
		require.Equal(t, want, names(s.At(utc(2, hour))), hour)
	}
	require.Equal(t, oncall.Shift{
		Person: "cat", Schedule: "s", Rotation: "primary", From: utc(2, 6), Until: utc(2, 15),
		Reason: "temporary schedule by zoe: launch", Temporary: true, Source: "t-1", By: "zoe",
	}, s.At(utc(2, 7))[1])
	require.Equal(t, utc(2, 16), s.At(utc(2, 15))[0].Until, "a later temporary schedule lies on top")
}

// One that was removed early held until then, with what its shifts were.
func TestATemporaryScheduleThatEndsEarly(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Temporary = []oncall.Temporary{{
		From: utc(2, 1), Until: utc(2, 5), Shifts: []oncall.FixedShift{
			{Person: "ben", From: utc(2, 0), Until: utc(2, 12)},
			{Person: "cat", From: utc(2, 12), Until: utc(2, 18)},
		},
	}}
	require.Empty(t, s.Validate())
	require.Equal(t, []string{"ann", "ben", "ann"}, names(s.Shifts(utc(2, 0), utc(2, 9))))
	ben := s.At(utc(2, 3))[0]
	require.Equal(t, []time.Time{utc(2, 1), utc(2, 5)}, []time.Time{ben.From, ben.Until})
}

// What the rules refuse changes nothing, wherever it came from.
func TestWhatIsNotValidOnTopIsLeftOut(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Overrides = []oncall.Override{
		{Person: "ben", From: utc(2, 0), Until: utc(1, 0)},
		{Kind: "maybe", Person: "ben", From: utc(1, 0), Until: utc(9, 0)},
		{Kind: oncall.Remove, From: utc(1, 0), Until: utc(9, 0)},
	}
	s.Temporary = []oncall.Temporary{{From: utc(1, 0), Until: utc(9, 0), Shifts: []oncall.FixedShift{{Person: "ben"}}}}
	require.Len(t, s.Validate(), 5)
	require.Equal(t, []string{"ann"}, names(s.At(utc(1, 12))))
}

func TestOverridesFindTheirRotation(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Rotations = append(s.Rotations, oncall.Rotation{Name: "secondary", Layer: s.Rotations[0].Layer})
	s.Overrides = []oncall.Override{{Rotation: "secondary", Person: "ben", From: utc(1, 0), Until: utc(9, 0)}}
	calendar := s.Calendar()
	require.Equal(t, "ann", who(calendar.On("primary", utc(2, 0))))
	require.Equal(t, "ann", who(calendar.On("", utc(2, 0))))
	require.Equal(t, "ben", who(calendar.On("secondary", utc(2, 0))))
	require.Empty(t, calendar.On("third", utc(2, 0)))
}

// A first rotation that is not valid has nobody: its name leads nowhere else.
func TestTheFirstRotationStaysTheFirst(t *testing.T) {
	s := daily("UTC", "09:00", "2026-01-01", "ann")
	s.Rotations = []oncall.Rotation{{Name: "broken"}, s.Rotations[0]}
	require.Empty(t, s.Calendar().On("", utc(2, 0)))
	require.Len(t, s.At(utc(2, 0)), 1)
}
