package cli

import (
	"context"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func pagesCommand(s *session) *cobra.Command {
	var p paging
	cmd := &cobra.Command{
		Use:     "pages INCIDENT",
		Short:   "Show who was paged, how, why and when",
		Example: "  tocsin incident pages INC-7",
		Args:    between(1, 1),
		RunE: s.runFor(func(ctx context.Context, c *call, number string) error {
			return c.pages(ctx, number, p)
		}),
	}
	p.addFlags(cmd)
	return cmd
}

func (c *call) pages(ctx context.Context, number string, p paging) error {
	var all []client.Page
	return list(ctx, c, p, listing[client.PageList]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			return c.ListPages(ctx, number, &client.ListPagesParams{Cursor: cursor, Limit: limit})
		},
		add: func(page client.PageList) (int, string) {
			all = append(all, page.Pages...)
			return len(page.Pages), page.Next
		},
		done: func(ctx context.Context) {
			if len(all) == 0 {
				c.tell("nobody was paged for %s", number)
				return
			}
			k := c.clock(ctx)
			t := c.table("PERSON", "BY", "STATE", "DUE", "HANDED OVER", "ANSWERED", "TRIES", "WHY", "ERROR")
			for _, page := range all {
				t.row(page.Person, page.Contact+" ("+page.Kind+")", string(page.State), k.at(page.Due), k.at(page.Sent),
					k.at(page.Answered), strconv.Itoa(len(page.Attempts)), page.Reason, page.Error)
			}
			t.flush()
		},
	})
}
