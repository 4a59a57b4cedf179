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
	return list(ctx, c, p, listing[client.Timeline, client.Entry]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListTimeline(ctx, number, &params)
		},
		open: func(page client.Timeline) ([]client.Entry, string) { return page.Entries, page.Next },
		columns: columns[client.Entry]{
			header: []string{"AT", "WHO", "KIND", "WHAT"},
			row: func(k clock, e client.Entry) []string {
				return []string{k.at(e.Occurred), actorOf(e), e.Kind, k.in(textOf(e))}
			},
			none: "no entry fits",
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
