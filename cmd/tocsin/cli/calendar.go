package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func calendarCommand(s *session) *cobra.Command {
	return group("calendar", "Show shifts in a calendar program", "  tocsin calendar create\n  tocsin calendar create --schedule payments",
		calendarCreateCommand(s), calendarListCommand(s), calendarRotateCommand(s), calendarRevokeCommand(s))
}

func calendarCreateCommand(s *session) *cobra.Command {
	var order client.CalendarOrder
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make the address of a calendar feed",
		Long: `Make the address of a calendar feed: of your own shifts in every schedule, or of
one schedule. The address holds a secret and is printed once; whoever has it can
read the feed.`,
		Example: "  tocsin calendar create\n  tocsin calendar create --schedule payments",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.newCalendar)(content(c.CreateCalendar(ctx, order)))
		}),
	}
	cmd.Flags().StringVar(&order.Schedule, "schedule", "", "the schedule to show; without it your own shifts")
	return cmd
}

func (c *call) newCalendar(n client.NewCalendar) {
	c.say("%s", n.Url)
	c.tell("calendar feed %s; its address is not shown again", n.Calendar.Id)
}

func calendarListCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List your calendar feeds",
		Example: "  tocsin calendar list",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(l client.CalendarList) {
				calendarColumns().show(ctx, c, l.Calendars...)
			})(content(c.ListCalendars(ctx)))
		}),
	}
}

func calendarColumns() columns[client.Calendar] {
	return columns[client.Calendar]{
		header: []string{"ID", "SHOWS", "OWNER", "BY", "MADE", "ROTATED", "REVOKED"},
		row: func(k clock, feed client.Calendar) []string {
			return []string{
				feed.Id, cmp.Or(feed.Schedule, feed.Person), feed.Owner, feed.By, k.at(feed.MadeAt), k.at(feed.RotatedAt), k.at(feed.RevokedAt),
			}
		},
		none: "no calendar feed: make one with tocsin calendar create",
	}
}

func calendarRotateCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "rotate CALENDAR-ID",
		Short:   "Give a calendar feed a new address; the old one stops working",
		Example: "  tocsin calendar rotate c-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, c.newCalendar)(content(c.RotateCalendar(ctx, args[0])))
		}),
	}
}

func calendarRevokeCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke CALENDAR-ID",
		Short:   "End a calendar feed, for ever",
		Example: "  tocsin calendar revoke c-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return c.done("calendar feed %s is revoked", args[0])(content(c.RevokeCalendar(ctx, args[0])))
		}),
	}
}
