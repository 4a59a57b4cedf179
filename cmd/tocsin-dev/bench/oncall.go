package bench

import (
	"errors"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// minLookUps is how many answers a second there should be at least.
const minLookUps = 100_000

// onCall asks a schedule of 20 people in 3 layers who is on call, minute by
// minute.
func (b *bench) onCall() error {
	schedule := lookUps()
	if problems := schedule.Validate(); len(problems) > 0 {
		return fmt.Errorf("the schedule of the bench: %s %s", problems[0].Field, problems[0].Message)
	}
	calendar := schedule.Calendar()
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	nobody, began := 0, time.Now()
	for range b.plan.lookUps {
		if len(calendar.At(at)) == 0 {
			nobody++
		}
		at = at.Add(time.Minute)
	}
	took := time.Since(began)
	if nobody > 0 {
		return errors.New("somebody is always on call in the schedule of the bench")
	}
	b.report.OnCall = &OnCall{PerSecond: float64(b.plan.lookUps) / took.Seconds()}
	b.report.aim("look-ups of who is on call, times slower than 100,000 a second", minLookUps/b.report.OnCall.PerSecond, 1)
	return nil
}

// lookUps is a follow-the-sun schedule: two layers by day, and one below.
func lookUps() oncall.Schedule {
	people := func(from, until int) []string {
		var out []string
		for n := from; n < until; n++ {
			out = append(out, fmt.Sprint("person-", n))
		}
		return out
	}
	day := []oncall.Window{{From: "08:00", Until: "20:00"}}
	return oncall.Schedule{ID: "bench", Zone: "UTC", Rotations: []oncall.Rotation{{Name: "primary", Layers: []oncall.Layer{
		{Name: "base", Every: oncall.Weekly, Weekday: "monday", HandOff: "09:00", Start: "2026-01-05", Participants: people(0, 8)},
		{Name: "europe", Zone: "Europe/Berlin", Every: oncall.Daily, HandOff: "08:00", Start: "2026-01-05", Participants: people(8, 14), During: day},
		{Name: "america", Zone: "America/New_York", Every: oncall.Daily, HandOff: "08:00", Start: "2026-01-05", Participants: people(14, 20), During: day},
	}}}}
}
