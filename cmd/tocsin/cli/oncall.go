package cli

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func onCallCommand(s *session) *cobra.Command {
	var params client.GetOnCallParams
	var days int
	var person string
	cmd := &cobra.Command{
		Use:   "oncall",
		Short: "Say who is on call",
		Long: `Say who is on call now, at another time or over some days, and why. For a time
that has gone by, it is told from the catalog that was in force and the
overrides that stood then.`,
		Example: `  tocsin oncall
  tocsin oncall --schedule payments --at 2026-03-01T02:00:00Z
  tocsin oncall --days 14 --person me`,
		Args: between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			if days == 0 && person == "" {
				return show(c, c.onCall)(content(c.GetOnCall(ctx, &params)))
			}
			span := client.ListShiftsParams{Schedule: params.Schedule, Person: person, From: params.At}
			if days > 0 {
				span.From = cmp.Or(params.At, time.Now()) // both ends by one clock
				span.Until = span.From.AddDate(0, 0, days)
			}
			return show(c, c.shifts)(content(c.ListShifts(ctx, &span)))
		}),
	}
	ahead(cmd, &params.At, "at", "the moment asked about, or where the days begin; now when missing")
	f := cmd.Flags()
	f.StringVar(&params.Schedule, "schedule", "", "only this schedule")
	f.IntVar(&days, "days", 0, "so many days instead of one moment, at most 92")
	f.StringVar(&person, "person", "", "only the shifts of this person, over a week unless --days says otherwise; me is yourself")
	cmd.AddCommand(onCallLoadCommand(s))
	return cmd
}

func onCallLoadCommand(s *session) *cobra.Command {
	var params client.GetLoadParams
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Say how the load of on-call falls on people",
		Long: `Say how the load of on-call falls on people: hours, nights (22:00 to 06:00) and
weekends by each person's own clock, and pages. Somebody who has two duties at
once is on call once. What lies before the first catalog counts for nobody.`,
		Example: "  tocsin oncall load\n  tocsin oncall load --schedule payments --from 60d",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.load)(content(c.GetLoad(ctx, &params)))
		}),
	}
	past(cmd, &params.From, "from", "the beginning; 30 days before the end when missing")
	past(cmd, &params.Until, "until", "the end; now when missing")
	cmd.Flags().StringVar(&params.Schedule, "schedule", "", "only the duty in this schedule")
	return cmd
}

func (c *call) load(answer client.Load) {
	k := c.clock(c.cmd.Context())
	c.say("on call from %s until %s", k.at(answer.From), k.at(answer.Until))
	t := c.table("PERSON", "HOURS", "NIGHT HOURS", "NIGHTS", "WEEKEND HOURS", "PAGES")
	hours := func(h float32) string { return strconv.FormatFloat(float64(h), 'f', 1, 32) }
	for _, p := range answer.People {
		t.row(p.Person, hours(p.Hours), hours(p.NightHours), strconv.Itoa(p.Nights), hours(p.WeekendHours), strconv.Itoa(p.Pages))
	}
	t.flush()
}

func (c *call) onCall(answer client.OnCall) {
	k := c.clock(c.cmd.Context())
	c.say("on call at %s (catalog version %d)", k.at(answer.At), answer.CatalogVersion)
	t := c.table("SCHEDULE", "ROTATION", "PERSON", "FROM", "UNTIL", "WHY")
	for _, schedule := range answer.Schedules {
		if len(schedule.Shifts) == 0 {
			t.row(schedule.Id, "", "nobody")
		}
		for _, shift := range schedule.Shifts {
			t.row(schedule.Id, shift.Rotation, shift.Person, k.at(shift.From), k.at(shift.Until), shift.Reason)
		}
	}
	t.flush()
}

func (c *call) shifts(answer client.ShiftList) {
	k := c.clock(c.cmd.Context())
	c.say("on call from %s until %s", k.at(answer.From), k.at(answer.Until))
	if len(answer.Shifts) == 0 {
		c.tell("no shift fits")
		return
	}
	t := c.table("FROM", "UNTIL", "SCHEDULE", "ROTATION", "PERSON", "WHY")
	for _, shift := range answer.Shifts {
		t.row(k.at(shift.From), k.at(shift.Until), shift.Schedule, shift.Rotation, shift.Person, shift.Reason)
	}
	t.flush()
}
