package oncall_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/oncall"
)

// busy is a schedule of 20 people in three layers, two of them restricted, with
// a month of overrides and a temporary schedule.
func busy() oncall.Schedule {
	layers := []oncall.Layer{
		{Name: "base", Every: oncall.Weekly, Weekday: "monday", HandOff: "09:00"},
		{
			Name: "nights", Zone: "America/New_York", Every: oncall.Daily, HandOff: "18:00", Length: 2,
			During: []oncall.Window{{Days: []string{"monday", "tuesday", "wednesday", "thursday"}, From: "18:00", Until: "09:00"}},
		},
		{
			Name: "weekends", Every: oncall.Hourly, Length: 12, HandOff: "08:00",
			During: []oncall.Window{{Days: []string{"saturday", "sunday"}}},
		},
	}
	for i := range layers {
		layers[i].Start = "2024-01-01"
		for n := range 20 {
			layers[i].Participants = append(layers[i].Participants, fmt.Sprintf("person-%d", n))
		}
	}
	s := oncall.Schedule{ID: "s", Zone: "Europe/Berlin", Rotations: []oncall.Rotation{{Name: "primary", Layers: layers}}}
	for day := range 30 {
		from := time.Date(2026, 11, 1+day, 12, 0, 0, 0, time.UTC)
		s.Overrides = append(s.Overrides, oncall.Override{Person: "person-1", Of: "person-2", From: from, Until: from.Add(time.Hour)})
	}
	s.Temporary = []oncall.Temporary{{
		From: time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 12, 27, 0, 0, 0, 0, time.UTC),
	}}
	return s
}

// BenchmarkAt looks a moment up: at least 100,000 a second are wanted, which is
// 10 µs each.
func BenchmarkAt(b *testing.B) {
	require.Empty(b, busy().Validate())
	calendar := busy().Calendar()
	for name, at := range map[string]time.Time{
		"weekday":  time.Date(2026, 11, 18, 12, 30, 0, 0, time.UTC),
		"night":    time.Date(2026, 11, 18, 3, 0, 0, 0, time.UTC),
		"weekend":  time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC),
		"change":   time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC),
		"far away": time.Date(2046, 10, 25, 1, 30, 0, 0, time.UTC),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				calendar.At(at)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "look-ups/s")
		})
	}
}

// BenchmarkShifts lists a fortnight, as a page that shows a calendar does.
func BenchmarkShifts(b *testing.B) {
	calendar := busy().Calendar()
	from := time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC)
	for b.Loop() {
		calendar.Shifts(from, from.AddDate(0, 0, 14))
	}
}

// BenchmarkCalendar prepares a schedule, as every change of a catalog does.
func BenchmarkCalendar(b *testing.B) {
	s := busy()
	for b.Loop() {
		s.Calendar()
	}
}
