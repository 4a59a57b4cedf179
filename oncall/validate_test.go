package oncall_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

func TestScheduleValidate(t *testing.T) {
	tests := map[string]struct {
		spoil func(*oncall.Schedule)
		want  oncall.Problem
	}{
		"no zone":         {func(s *oncall.Schedule) { s.Zone = "" }, oncall.Problem{Field: "zone", Message: `must be an IANA zone such as "Europe/Berlin"`}},
		"the host's zone": {func(s *oncall.Schedule) { s.Zone = "Local" }, oncall.Problem{Field: "zone", Message: `must be an IANA zone such as "Europe/Berlin"`}},
		"unknown zone":    {func(s *oncall.Schedule) { s.Zone = "Europe/Bärlin" }, oncall.Problem{Field: "zone", Message: `there is no zone "Europe/Bärlin": use an IANA zone such as "Europe/Berlin"`}},
		"no rotation":     {func(s *oncall.Schedule) { s.Rotations = nil }, oncall.Problem{Field: "rotations", Message: "must hold from 1 to 50 rotations"}},
		"no name":         {func(s *oncall.Schedule) { s.Rotations[0].Name = "" }, oncall.Problem{Field: "rotations[0].name", Message: `"" is not a name: use one word without a slash, such as "primary"`}},
		"slash in a name": {func(s *oncall.Schedule) { s.Rotations[0].Name = "a/b" }, oncall.Problem{Field: "rotations[0].name", Message: `"a/b" is not a name: use one word without a slash, such as "primary"`}},
		"name twice": {func(s *oncall.Schedule) { s.Rotations = append(s.Rotations, s.Rotations[0]) }, oncall.Problem{
			Field: "rotations[1].name", Message: `there is another rotation "primary"`,
		}},
		"cadence":             {func(s *oncall.Schedule) { s.Rotations[0].Every = "monthly" }, oncall.Problem{Field: "rotations[0].every", Message: `"monthly" is not a cadence: use "hourly", "daily" or "weekly"`}},
		"hand-off":            {func(s *oncall.Schedule) { s.Rotations[0].HandOff = "9:00" }, oncall.Problem{Field: "rotations[0].hand_off", Message: `"9:00" is not a time of day: write it as "09:00"`}},
		"hand-off at 24":      {func(s *oncall.Schedule) { s.Rotations[0].HandOff = "24:00" }, oncall.Problem{Field: "rotations[0].hand_off", Message: `"24:00" is not a time of day: write it as "09:00"`}},
		"weekday":             {func(s *oncall.Schedule) { s.Rotations[0].Weekday = "mon" }, oncall.Problem{Field: "rotations[0].weekday", Message: `"mon" is not a weekday: write it as "monday"`}},
		"weekday of daily":    {func(s *oncall.Schedule) { s.Rotations[0].Every = oncall.Daily }, oncall.Problem{Field: "rotations[0].weekday", Message: "only a weekly layer has a weekday, this one is daily: leave it out"}},
		"start":               {func(s *oncall.Schedule) { s.Rotations[0].Start = "2026-02-30" }, oncall.Problem{Field: "rotations[0].start", Message: `"2026-02-30" is not a date: write it as "2026-01-05"`}},
		"no participants":     {func(s *oncall.Schedule) { s.Rotations[0].Participants = nil }, oncall.Problem{Field: "rotations[0].participants", Message: "must name at least one person"}},
		"override's rotation": {func(s *oncall.Schedule) { s.Overrides[0].Rotation = "x" }, oncall.Problem{Field: "overrides[0].rotation", Message: `there is no rotation "x" in this schedule`}},
		"override's person":   {func(s *oncall.Schedule) { s.Overrides[0].Person = "" }, oncall.Problem{Field: "overrides[0].person", Message: "must name who comes"}},
		"override's from":     {func(s *oncall.Schedule) { s.Overrides[0].From = time.Time{} }, oncall.Problem{Field: "overrides[0].from", Message: "must be set"}},
		"override's until":    {func(s *oncall.Schedule) { s.Overrides[0].Until = time.Time{} }, oncall.Problem{Field: "overrides[0].until", Message: "must be set"}},
		"override reversed":   {func(s *oncall.Schedule) { s.Overrides[0].Until = s.Overrides[0].From }, oncall.Problem{Field: "overrides[0].until", Message: "must be later than from"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := weekly("Europe/Berlin", "monday", "09:00", "2026-01-05", "a")
			s.Overrides = []oncall.Override{{Person: "b", From: utc(6, 0), Until: utc(7, 0)}}
			if name == "no rotation" {
				s.Overrides = nil
			}
			require.Empty(t, s.Validate())
			test.spoil(&s)
			require.Equal(t, []oncall.Problem{test.want}, s.Validate())
		})
	}
}

func TestEscalationPolicyValidate(t *testing.T) {
	p := oncall.EscalationPolicy{Repeat: -1, Levels: []oncall.Level{
		{Targets: []oncall.Target{{Person: "a"}, {Team: "t", Person: "a"}, {}}, Timeout: time.Second},
		{Timeout: time.Millisecond},
	}}
	require.Equal(t, []oncall.Problem{
		{Field: "repeat", Message: "must not be negative"},
		{Field: "levels[0].targets[1]", Message: "must have exactly one of person, schedule, rotation, team and webhook"},
		{Field: "levels[0].targets[2]", Message: "must have exactly one of person, schedule, rotation, team and webhook"},
		{Field: "levels[1].targets", Message: "must name somebody to page"},
		{Field: "levels[1].timeout", Message: "must be at least 1s"},
	}, p.Validate())
	require.Equal(t, []oncall.Problem{{Field: "levels", Message: "must hold at least one level"}},
		oncall.EscalationPolicy{}.Validate())
}

func TestTargetScheduleRotation(t *testing.T) {
	schedule, rotation := oncall.Target{Schedule: "payments/secondary"}.ScheduleRotation()
	require.Equal(t, "payments", schedule)
	require.Equal(t, "secondary", rotation)
	schedule, rotation = oncall.Target{Schedule: "payments"}.ScheduleRotation()
	require.Equal(t, "payments", schedule)
	require.Empty(t, rotation)
}
