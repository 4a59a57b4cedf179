package cli

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/oncall"
)

func overrideCommand(s *session) *cobra.Command {
	return group("override", "Change who is on call for a while", "  tocsin override add --schedule payments --person bob --of me --until 8h\n  tocsin override list",
		overrideAddCommand(s), overrideListCommand(s), overrideRemoveCommand(s))
}

func overrideAddCommand(s *session) *cobra.Command {
	var order client.OverrideOrder
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Put somebody on call, or take somebody off",
		Long: `Put somebody on call instead of another person or of whoever has the duty
(--kind replace), as one more (add), or take one off (remove). It takes effect
within five seconds. Whoever takes turns in a rotation may do this where they
come or go themselves; for anybody else it takes a member or lead of a team
whose services page the schedule, or an administrator.`,
		Example: `  tocsin override add --schedule payments --person bob --of me --from 2026-12-01T08:00:00Z --until 2026-12-02T08:00:00Z --reason dentist
  tocsin override add --schedule payments/secondary --kind add --person carol --until 4h
  tocsin override add --schedule payments --kind remove --of alice --until 2h`,
		Args: between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			order.Schedule, order.Rotation = duty(order.Schedule)
			return show(c, c.overrideAdded)(content(c.AddOverride(ctx, order)))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&order.Schedule, "schedule", "", "schedule, or schedule/rotation; without a rotation the first")
	f.StringVar((*string)(&order.Kind), "kind", string(oncall.Replace), "replace, add or remove")
	f.StringVar(&order.Person, "person", "", "who comes; me is yourself")
	f.StringVar(&order.Of, "of", "", "who goes; me is yourself; without it a replacement is instead of whoever has the duty")
	f.StringVar(&order.Reason, "reason", "", "why")
	ahead(cmd, &order.From, "from", "when it begins; now when missing")
	ahead(cmd, &order.Until, "until", "when it ends")
	require(cmd, "schedule", "until")
	return cmd
}

// duty splits what a person writes for a rotation.
func duty(text string) (schedule, rotation string) {
	return oncall.Target{Schedule: text}.ScheduleRotation()
}

func (c *call) overrideAdded(o client.Override) {
	k := c.clock(c.cmd.Context())
	c.say("%s: %s of %s/%s from %s until %s", o.Id, changeOf(o), o.Schedule, o.Rotation, k.at(o.From), k.at(o.Until))
	for _, warning := range o.Warnings {
		c.tell("%s", warning)
	}
}

// changeOf says in words what an override does.
func changeOf(o client.Override) string {
	switch o.Kind {
	case oncall.Add:
		return "add " + o.Person
	case oncall.Remove:
		return "remove " + o.Of
	}
	return o.Person + " instead of " + cmp.Or(o.Of, "whoever has the duty")
}

// dutyQuery are the filters that overrides and temporary schedules share.
type dutyQuery struct {
	schedule, person string
	from, until      time.Time
	all              bool
	paging           paging
}

func (q *dutyQuery) params(cursor string, limit int) client.ListOverridesParams {
	return client.ListOverridesParams{
		Schedule: q.schedule, Person: q.person, From: q.from, Until: q.until, All: q.all, Cursor: cursor, Limit: limit,
	}
}

func (q *dutyQuery) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&q.schedule, "schedule", "", "only of this schedule")
	f.StringVar(&q.person, "person", "", "only what concerns this person; me is yourself")
	f.BoolVar(&q.all, "ended", false, "also what is over or was removed")
	past(cmd, &q.from, "from", "only what holds at or behind this time")
	ahead(cmd, &q.until, "until", "only what begins before this time")
	q.paging.addFlags(cmd)
}

func overrideListCommand(s *session) *cobra.Command {
	var q dutyQuery
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List overrides by when they begin",
		Example: "  tocsin override list --schedule payments\n  tocsin override list --person me --ended --from 30d",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return list(ctx, c, q.paging, listing[client.OverrideList, client.Override]{
				ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
					params := q.params(cursor, limit)
					return c.ListOverrides(ctx, &params)
				},
				open:    func(page client.OverrideList) ([]client.Override, string) { return page.Overrides, page.Next },
				columns: overrideColumns(),
			})
		}),
	}
	q.addFlags(cmd)
	return cmd
}

func overrideColumns() columns[client.Override] {
	return columns[client.Override]{
		header: []string{"ID", "SCHEDULE", "WHAT", "FROM", "UNTIL", "OWNER", "BY", "REASON", "REMOVED"},
		row: func(k clock, o client.Override) []string {
			return []string{
				o.Id, o.Schedule + "/" + o.Rotation, changeOf(o), k.at(o.From), k.at(o.Until), o.Owner, o.By, o.Reason,
				words(" by ", k.at(o.RemovedAt), o.RemovedBy),
			}
		},
		none: "no override fits",
	}
}

func overrideRemoveCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "remove OVERRIDE-ID",
		Short:   "Remove an override; it held until now",
		Example: "  tocsin override remove o-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return c.done("override %s is removed", args[0])(content(c.RemoveOverride(ctx, args[0])))
		}),
	}
}
