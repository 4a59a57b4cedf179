package cli

import (
	"cmp"
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func timelineCommand(s *session) *cobra.Command {
	var params client.ListTimelineParams
	var p paging
	cmd := &cobra.Command{
		Use:     "timeline INCIDENT",
		Short:   "Show everything that happened, the oldest first",
		Example: "  tocsin incident timeline INC-7 --all\n  tocsin incident timeline INC-7 --kind acknowledged",
		Args:    between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			return c.timeline(ctx, number, params, p)
		}),
	}
	cmd.Flags().StringSliceVar(&params.Kind, "kind", nil, "only entries of these kinds")
	p.addFlags(cmd)
	return cmd
}

func (c *call) timeline(ctx context.Context, number string, params client.ListTimelineParams, p paging) error {
	var all []client.Entry
	return list(ctx, c, p, listing[client.Timeline]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListTimeline(ctx, number, &params)
		},
		add: func(page client.Timeline) (int, string) {
			all = append(all, page.Entries...)
			return len(page.Entries), page.Next
		},
		done: func(ctx context.Context) {
			k := c.clock(ctx)
			t := c.table("AT", "WHO", "KIND", "WHAT")
			for _, e := range all {
				t.row(k.at(e.Occurred), actorOf(e), e.Kind, k.in(textOf(e)))
			}
			t.flush()
		},
	})
}

// actorOf says who acted, and as what.
func actorOf(e client.Entry) string {
	who := cmp.Or(e.Actor.ID, string(e.Actor.Kind))
	if e.Role != "" {
		return who + " (" + string(e.Role) + ")"
	}
	return who
}

func textOf(e client.Entry) string {
	if e.Redacted {
		return cmp.Or(e.Text, "redacted")
	}
	return e.Text
}
