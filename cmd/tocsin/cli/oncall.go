package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func onCallCommand(s *session) *cobra.Command {
	var params client.GetOnCallParams
	cmd := &cobra.Command{
		Use:     "oncall",
		Short:   "Say who is on call",
		Example: "  tocsin oncall\n  tocsin oncall --schedule payments --at 2026-03-01T02:00:00Z",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.onCall)(content(c.GetOnCall(ctx, &params)))
		}),
	}
	ahead(cmd, &params.At, "at", "the moment asked about; now when missing")
	cmd.Flags().StringVar(&params.Schedule, "schedule", "", "only this schedule")
	return cmd
}

func (c *call) onCall(answer client.OnCall) {
	k := c.clock(c.cmd.Context())
	c.say("on call at %s", k.at(answer.At))
	t := c.table("SCHEDULE", "ROTATION", "PERSON", "FROM", "UNTIL", "WHY")
	for _, schedule := range answer.Schedules {
		if len(schedule.Shifts) == 0 {
			t.row(schedule.Id, "", "nobody")
		}
		for _, shift := range schedule.Shifts {
			t.row(schedule.Id, shift.Rotation, shift.Person, k.at(shift.From), k.at(shift.Until),
				words(": ", when(shift.Override, "override"), shift.Reason))
		}
	}
	t.flush()
}
