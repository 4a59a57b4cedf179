package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func temporaryCommand(s *session) *cobra.Command {
	return group("temporary", "Put fixed shifts in place of the turns of a rotation for a while", "  tocsin temporary list --schedule payments",
		temporaryAddCommand(s), temporaryListCommand(s), temporaryRemoveCommand(s))
}

func temporaryAddCommand(s *session) *cobra.Command {
	var order client.TemporaryOrder
	var shifts []string
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add a temporary schedule",
		Long: `Add a temporary schedule: within its span only its shifts count, and nobody is
on call between them. Overrides still lie on top. It takes a member or lead of
a team whose services page the schedule, or an administrator.`,
		Example: `  tocsin temporary add --schedule payments --from 2026-12-24T00:00:00Z --until 2026-12-26T00:00:00Z --shift bob=2026-12-24T00:00:00Z/2026-12-25T00:00:00Z --shift carol=2026-12-25T00:00:00Z/2026-12-26T00:00:00Z --reason holidays`,
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			order.Schedule, order.Rotation = duty(order.Schedule)
			for _, text := range shifts {
				shift, err := readShift(text)
				if err != nil {
					return err
				}
				order.Shifts = append(order.Shifts, shift)
			}
			return show(c, func(t client.Temporary) {
				k := c.clock(ctx)
				c.say("%s: %d shifts in %s/%s from %s until %s", t.Id, len(t.Shifts), t.Schedule, t.Rotation, k.at(t.From), k.at(t.Until))
			})(content(c.AddTemporary(ctx, order)))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&order.Schedule, "schedule", "", "schedule, or schedule/rotation; without a rotation the first")
	f.StringArrayVar(&shifts, "shift", nil, "PERSON=FROM/UNTIL, times as 2026-03-01T02:00:00Z; repeat it for more")
	f.StringVar(&order.Reason, "reason", "", "why")
	ahead(cmd, &order.From, "from", "when it begins; now when missing")
	ahead(cmd, &order.Until, "until", "when it ends")
	require(cmd, "schedule", "until", "shift")
	return cmd
}

// readShift reads PERSON=FROM/UNTIL.
func readShift(text string) (client.FixedShift, error) {
	person, span, _ := strings.Cut(text, "=")
	begins, ends, _ := strings.Cut(span, "/")
	from, err := time.Parse(time.RFC3339, begins)
	until, err2 := time.Parse(time.RFC3339, ends)
	if person == "" || err != nil || err2 != nil {
		return client.FixedShift{}, misused("--shift %q: write it as bob=2026-03-01T02:00:00Z/2026-03-02T02:00:00Z", text)
	}
	return client.FixedShift{Person: person, From: from, Until: until}, nil
}

func temporaryListCommand(s *session) *cobra.Command {
	var q dutyQuery
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List temporary schedules by when they begin",
		Example: "  tocsin temporary list\n  tocsin temporary list --person me --ended",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return list(ctx, c, q.paging, listing[client.TemporaryList, client.Temporary]{
				ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
					params := client.ListTemporariesParams(q.params(cursor, limit))
					return c.ListTemporaries(ctx, &params)
				},
				open: func(page client.TemporaryList) ([]client.Temporary, string) {
					return page.TemporarySchedules, page.Next
				},
				columns: temporaryColumns(),
			})
		}),
	}
	q.addFlags(cmd)
	return cmd
}

func temporaryColumns() columns[client.Temporary] {
	return columns[client.Temporary]{
		header: []string{"ID", "SCHEDULE", "FROM", "UNTIL", "SHIFTS", "OWNER", "BY", "REASON", "REMOVED"},
		row: func(k clock, one client.Temporary) []string {
			var shifts []string
			for _, shift := range one.Shifts {
				shifts = append(shifts, fmt.Sprintf("%s %s to %s", shift.Person, k.at(shift.From), k.at(shift.Until)))
			}
			return []string{
				one.Id, one.Schedule + "/" + one.Rotation, k.at(one.From), k.at(one.Until), strings.Join(shifts, ", "),
				one.Owner, one.By, one.Reason, words(" by ", k.at(one.RemovedAt), one.RemovedBy),
			}
		},
		none: "no temporary schedule fits",
	}
}

func temporaryRemoveCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "remove TEMPORARY-ID",
		Short:   "Remove a temporary schedule; it held until now",
		Example: "  tocsin temporary remove t-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return c.done("temporary schedule %s is removed", args[0])(content(c.RemoveTemporary(ctx, args[0])))
		}),
	}
}
