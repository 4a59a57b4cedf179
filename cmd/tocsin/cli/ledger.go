package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func pageListCommand(s *session) *cobra.Command {
	var params client.ListLedgerParams
	var number string
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List pages over all incidents, the earliest due first",
		Example: "  tocsin page list --person me --from 7d\n  tocsin page list --incident INC-7 --state failed",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			if number != "" {
				var err error
				if params.Incident, err = numbered(number); err != nil {
					return err
				}
			}
			return c.ledger(ctx, params, p)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Person, "person", "", "only those to this person; me is yourself")
	f.StringVar(&number, "incident", "", "only those of this incident")
	f.StringVar((*string)(&params.State), "state", "", "only those that are due, sent, failed, superseded or overtaken")
	past(cmd, &params.From, "from", "only those due since then")
	past(cmd, &params.Until, "until", "only those due before then")
	p.addFlags(cmd)
	return cmd
}

func (c *call) ledger(ctx context.Context, params client.ListLedgerParams, p paging) error {
	var all []client.Page
	return list(ctx, c, p, listing[client.PageList]{
		ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
			params.Cursor, params.Limit = cursor, limit
			return c.ListLedger(ctx, &params)
		},
		add: func(page client.PageList) (int, string) {
			all = append(all, page.Pages...)
			return len(page.Pages), page.Next
		},
		done: func(ctx context.Context) {
			if len(all) == 0 {
				c.tell("no page fits")
				return
			}
			k := c.clock(ctx)
			t := c.table("INCIDENT", "PERSON", "BY", "STATE", "DUE", "HANDED OVER", "DELIVERED", "ANSWERED", "WHY", "ERROR")
			for _, page := range all {
				t.row(page.Incident, page.Person, words(" ", page.Contact, "("+words(", ", page.Kind, page.Provider)+")"), string(page.State),
					k.at(page.Due), k.at(page.Sent), k.at(page.Delivered), k.at(page.Answered), page.Reason, page.Error)
			}
			t.flush()
		},
	})
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
			number, err := numbered(number)
			if err != nil {
				return err
			}
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
	cmd.Flags().StringVar(&number, "incident", "", "number of the incident")
	cmd.Flags().StringVar(&params.Person, "person", "me", "id of the person; me is yourself")
	return require(cmd, "incident")
}
