package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func pageListCommand(s *session) *cobra.Command {
	var params client.ListLedgerParams
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List pages over all incidents, the earliest due first",
		Example: "  tocsin page list --person me --from 7d\n  tocsin page list --incident INC-7 --state failed",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return c.ledger(ctx, params, p)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Person, "person", "", "only those to this person; me is yourself")
	numberFlag(cmd, &params.Incident, "incident", "only those of this `INCIDENT`")
	f.StringVar((*string)(&params.State), "state", "", "only those that are due, sent, failed, superseded or overtaken")
	past(cmd, &params.From, "from", "only those due since then")
	past(cmd, &params.Until, "until", "only those due before then")
	p.addFlags(cmd)
	return cmd
}

func (c *call) ledger(ctx context.Context, params client.ListLedgerParams, p paging) error {
	return list(ctx, c, p, listing[client.PageList, client.Page]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListLedger(ctx, &params)
		},
		open: func(page client.PageList) ([]client.Page, string) { return page.Pages, page.Next },
		columns: columns[client.Page]{
			header: []string{"INCIDENT", "PERSON", "BY", "STATE", "DUE", "HANDED OVER", "DELIVERED", "ANSWERED", "WHY", "ERROR"},
			row: func(k clock, page client.Page) []string {
				return []string{
					page.Incident, page.Person, methodOf(page), string(page.State), k.at(page.Due), k.at(page.Sent), k.at(page.Delivered),
					k.at(page.Answered), page.Reason, page.Error,
				}
			},
			none: "no page fits",
		},
	})
}

// methodOf says by which contact method and provider a page goes.
func methodOf(p client.Page) string {
	return words(" ", p.Contact, "("+words(", ", p.Kind, when(p.Provider != p.Kind, p.Provider))+")")
}

func whyCommand(s *session) *cobra.Command {
	var params client.ExplainPagingParams
	var number string
	cmd := &cobra.Command{
		Use:     "why",
		Short:   "Explain why somebody was paged, or was not",
		Long:    "Explain, from what was recorded, why somebody was paged about an incident or was not.",
		Example: "  tocsin why --incident INC-7 --person bob",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(x client.Explanation) {
				c.say("%s was %spaged about %s.", x.Person, map[bool]string{false: "not "}[x.Paged], number)
				k := c.clock(ctx)
				t := c.table()
				for _, why := range x.Reasons {
					t.row(k.at(why.At), k.in(why.Text))
				}
				t.flush()
			})(content(c.ExplainPaging(ctx, number, &params)))
		}),
	}
	numberFlag(cmd, &number, "incident", "number of the `INCIDENT`")
	cmd.Flags().StringVar(&params.Person, "person", "me", "id of the person; me is yourself")
	return require(cmd, "incident")
}
