package cli

import (
	"context"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func pagesCommand(s *session) *cobra.Command {
	var params client.ListPagesParams
	var p paging
	cmd := &cobra.Command{
		Use:     "pages INCIDENT",
		Short:   "Show who was paged, how, why and when",
		Example: "  tocsin incident pages INC-7\n  tocsin incident pages INC-7 --person bob --state failed",
		Args:    between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			return c.pages(ctx, number, params, p)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Person, "person", "", "only those to this person; me is yourself")
	f.StringVar((*string)(&params.State), "state", "", "only those that are due, sent, failed, superseded or overtaken")
	p.addFlags(cmd)
	return cmd
}

func (c *call) pages(ctx context.Context, number string, params client.ListPagesParams, p paging) error {
	return list(ctx, c, p, listing[client.PageList, client.Page]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListPages(ctx, number, &params)
		},
		open: func(page client.PageList) ([]client.Page, string) { return page.Pages, page.Next },
		columns: columns[client.Page]{
			header: []string{"PERSON", "BY", "STATE", "DUE", "HANDED OVER", "DELIVERED", "ANSWERED", "TRIES", "WHY", "ERROR"},
			row: func(k clock, page client.Page) []string {
				return []string{
					page.Person, methodOf(page), string(page.State), k.at(page.Due), k.at(page.Sent), k.at(page.Delivered), k.at(page.Answered),
					strconv.Itoa(len(page.Attempts)), page.Reason, errorOf(page),
				}
			},
			none: "no page of " + number + " fits",
		},
	})
}

// errorOf says why a page failed, or why it has not left yet.
func errorOf(p client.Page) string {
	if n := len(p.Attempts); p.Error == "" && p.Sent.IsZero() && n > 0 {
		return p.Attempts[n-1].Error
	}
	return p.Error
}
