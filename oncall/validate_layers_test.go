package oncall_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func problem(field, message string) oncall.Problem {
	return oncall.Problem{Field: field, Message: message}
}

// stacked is valid: two layers, and a rotation that follows them.
func stacked() oncall.Schedule {
	s := weekly("Europe/Berlin", "monday", "09:00", "2026-01-05", "a", "b", "c")
	base := s.Rotations[0].Layer
	base.Name = "base"
	top := oncall.Layer{
		Name: "top", Zone: "UTC", Every: oncall.Hourly, Length: 12, HandOff: "08:00", Start: "2026-01-05",
		Participants: []string{"a", "b", "c"}, During: []oncall.Window{{Days: []string{"Sunday"}, From: "22:00", Until: "06:00"}},
	}
	s.Rotations = []oncall.Rotation{
		{Name: "primary", Layers: []oncall.Layer{base, top}}, {Name: "secondary", Follows: "primary"}, {Name: "third", Follows: "secondary"},
	}
	s.Overrides = []oncall.Override{{Kind: oncall.Replace, Person: "a", Of: "b", From: utc(6, 0), Until: utc(7, 0)}}
	s.Temporary = []oncall.Temporary{{From: utc(6, 0), Until: utc(7, 0), Shifts: []oncall.FixedShift{{Person: "a", From: utc(6, 0), Until: utc(7, 0)}}}}
	return s
}

func TestScheduleValidateLayers(t *testing.T) {
	type schedule = oncall.Schedule
	top := func(s *schedule) *oncall.Layer { return &s.Rotations[0].Layers[1] }
	tests := map[string]struct {
		spoil func(*schedule)
		want  oncall.Problem
	}{
		"nameless layer":     {func(s *schedule) { top(s).Name = "" }, problem("rotations[0].layers[1].name", `"" is not a name: use one word without a slash, such as "primary"`)},
		"layer's name twice": {func(s *schedule) { top(s).Name = "base" }, problem("rotations[0].layers[1].name", `there is another layer "base"`)},
		"layer's zone":       {func(s *schedule) { top(s).Zone = "Mars/Base" }, problem("rotations[0].layers[1].zone", `there is no zone "Mars/Base": use an IANA zone such as "Europe/Berlin"`)},
		"length":             {func(s *schedule) { top(s).Length = -1 }, problem("rotations[0].layers[1].length", "must be from 1 to 1000")},
		"long length":        {func(s *schedule) { top(s).Length = 1001 }, problem("rotations[0].layers[1].length", "must be from 1 to 1000")},
		"weekday of hours":   {func(s *schedule) { top(s).Weekday = "monday" }, problem("rotations[0].layers[1].weekday", "only a weekly layer has a weekday, this one is hourly: leave it out")},
		"nobody":             {func(s *schedule) { s.Rotations = s.Rotations[:1]; top(s).Participants = nil }, problem("rotations[0].layers[1].participants", "must name at least one person")},
		"no window":          {func(s *schedule) { top(s).During = []oncall.Window{} }, problem("rotations[0].layers[1].during", "must hold at least one window: leave it out where the layer always holds")},
		"empty window":       {func(s *schedule) { top(s).During[0] = oncall.Window{} }, problem("rotations[0].layers[1].during[0].days", "must be set, or from and until: this window says nothing")},
		"window's day":       {func(s *schedule) { top(s).During[0].Days[0] = "sun" }, problem("rotations[0].layers[1].during[0].days[0]", `"sun" is not a weekday: write it as "monday"`)},
		"window's from":      {func(s *schedule) { top(s).During[0].From = "24:00" }, problem("rotations[0].layers[1].during[0].from", `"24:00" is not a time of day: write it as "09:00"`)},
		"window's until":     {func(s *schedule) { top(s).During[0].Until = "6" }, problem("rotations[0].layers[1].during[0].until", `"6" is not a time of day: write it as "09:00"`)},
		"no length":          {func(s *schedule) { top(s).During[0].Until = "22:00" }, problem("rotations[0].layers[1].during[0].until", "must differ from from: this window has no length; leave both out for a whole day")},
		"layers and turns": {func(s *schedule) { s.Rotations[0].Every = oncall.Daily }, problem(
			"rotations[0].layers", "a rotation with layers has its turns in them: move what stands beside them into one",
		)},
		"follows and turns": {func(s *schedule) { s.Rotations[1].HandOff = "09:00" }, problem(
			"rotations[1].follows", "a rotation that follows another has no turns of its own: leave out one of the two",
		)},
		"follows nothing":    {func(s *schedule) { s.Rotations[2].Follows = "x" }, problem("rotations[2].follows", `there is no rotation "x" in this schedule`)},
		"too many rotations": {func(s *schedule) { s.Rotations = slices.Repeat(s.Rotations, 17) }, problem("rotations", "must hold from 1 to 50 rotations")},
		"follows itself":     {func(s *schedule) { s.Rotations[2].Follows = "third" }, problem("rotations[2].follows", "goes round in a circle: third, third")},
		"too few to follow": {func(s *schedule) { top(s).Participants = []string{"a", "b", "a"} }, problem(
			"rotations[2].follows", `in rotation "primary" nobody comes next: it needs at least 3 different participants in each layer`,
		)},
		"unknown kind":        {func(s *schedule) { s.Overrides[0].Kind = "swap" }, problem("overrides[0].kind", `"swap" is not a kind of override: use "add", "remove" or "replace"`)},
		"added instead of":    {func(s *schedule) { s.Overrides[0].Kind = oncall.Add }, problem("overrides[0].of", "nobody goes when somebody is added: leave it out, or replace instead")},
		"removed by":          {func(s *schedule) { s.Overrides[0].Kind = oncall.Remove }, problem("overrides[0].person", "nobody comes when somebody is removed: leave it out, or replace instead")},
		"instead of oneself":  {func(s *schedule) { s.Overrides[0].Of = "a" }, problem("overrides[0].of", "a cannot come instead of a")},
		"temporary reversed":  {func(s *schedule) { s.Temporary[0].Until = utc(5, 0) }, problem("temporary[0].until", "must be later than from")},
		"temporary elsewhere": {func(s *schedule) { s.Temporary[0].Rotation = "x" }, problem("temporary[0].rotation", `there is no rotation "x" in this schedule`)},
		"shift without name":  {func(s *schedule) { s.Temporary[0].Shifts[0].Person = "" }, problem("temporary[0].shifts[0].person", "must name a person")},
		"shift without end":   {func(s *schedule) { s.Temporary[0].Shifts[0].Until = time.Time{} }, problem("temporary[0].shifts[0].until", "must be set")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := stacked()
			require.Empty(t, s.Validate())
			test.spoil(&s)
			require.Equal(t, []oncall.Problem{test.want}, s.Validate())
			s.At(utc(6, 12)) // whoever asks in spite of it gets an answer
		})
	}
}

func TestCirclesOfRotationsHaveNobody(t *testing.T) {
	s := stacked()
	s.Rotations = []oncall.Rotation{{Name: "a", Follows: "b"}, {Name: "b", Follows: "c"}, {Name: "c", Follows: "a"}}
	s.Overrides, s.Temporary = nil, nil
	require.Equal(t, []oncall.Problem{
		problem("rotations[0].follows", "goes round in a circle: a, b, c, a"),
		problem("rotations[1].follows", "goes round in a circle: b, c, a, b"),
		problem("rotations[2].follows", "goes round in a circle: c, a, b, c"),
	}, s.Validate())
	require.Empty(t, s.At(utc(6, 0)))
	require.Empty(t, s.Participants("a"))
	_, more := s.Calendar().Change(utc(6, 0))
	require.False(t, more)
}

func TestLevelValidate(t *testing.T) {
	ben := []oncall.Target{{Person: "ben"}}
	for name, test := range map[string]struct {
		level oncall.Level
		want  []oncall.Problem
	}{
		"everything":     {oncall.Level{Targets: ben, Timeout: time.Minute, Everyone: true, During: "a", Outside: "b"}, nil},
		"included":       {oncall.Level{Policy: "x", During: "a"}, nil},
		"one of all":     {oncall.Level{Targets: ben, Timeout: time.Minute, Everyone: true, RoundRobin: true}, []oncall.Problem{problem("levels[0].everyone", "round_robin pages one person, so that nobody else can acknowledge: choose one of the two")}},
		"beside targets": {oncall.Level{Policy: "x", Targets: ben}, []oncall.Problem{problem("levels[0].policy", "stands for the levels of another policy, with their own targets and timeouts: leave out what stands beside it, but for during and outside")}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, oncall.EscalationPolicy{Levels: []oncall.Level{test.level}}.Validate())
		})
	}
}
