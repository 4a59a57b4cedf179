package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func followUpsCommand(s *session) *cobra.Command {
	var params client.ListFollowUpsParams
	var p paging
	cmd := &cobra.Command{
		Use:     "follow-ups",
		Short:   "List follow-ups over all incidents, the earliest due first",
		Example: "  tocsin follow-ups --owner me\n  tocsin follow-ups --overdue --all",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return c.listFollowUps(ctx, params, p)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Owner, "owner", "", "only of this person; me is yourself")
	numberFlag(cmd, &params.Incident, "incident", "only of this `INCIDENT`")
	f.StringVar((*string)(&params.State), "state", "", "open, done, waived, moved or all (open)")
	f.BoolVar(&params.Overdue, "overdue", false, "only what is past its due date")
	p.addFlags(cmd)
	return cmd
}

func (c *call) listFollowUps(ctx context.Context, params client.ListFollowUpsParams, p paging) error {
	return list(ctx, c, p, listing[client.FollowUpList, client.FollowUpItem]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListFollowUps(ctx, &params)
		},
		open: func(page client.FollowUpList) ([]client.FollowUpItem, string) { return page.FollowUps, page.Next },
		columns: columns[client.FollowUpItem]{
			header: []string{"INCIDENT", "ID", "STATE", "OWNER", "PRIORITY", "DUE", "TICKET", "TITLE"},
			row: func(k clock, item client.FollowUpItem) []string {
				f := item.FollowUp
				return []string{item.Incident, f.ID, string(f.State), f.Owner, string(f.Priority), k.at(f.Due), f.Ticket.Key, f.Title}
			},
			none: "no follow-up fits",
		},
	})
}
