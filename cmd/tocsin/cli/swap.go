package cli

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func swapCommand(s *session) *cobra.Command {
	return group("swap", "Swap shifts with somebody who agrees", "  tocsin swap list --person me\n  tocsin swap accept s-4f9a2c71d0",
		swapOfferCommand(s), swapListCommand(s),
		swapAnswerCommand(s, "accept", "Accept a swap: it becomes two overrides, both or none", client.ClientInterface.AcceptSwap),
		swapAnswerCommand(s, "decline", "Decline a swap", client.ClientInterface.DeclineSwap),
		swapAnswerCommand(s, "withdraw", "Take back an offer that waits for an answer", client.ClientInterface.WithdrawSwap))
}

func swapOfferCommand(s *session) *cobra.Command {
	var order client.SwapOrder
	cmd := &cobra.Command{
		Use:   "offer",
		Short: "Offer somebody a part of your duty for one of theirs",
		Long: `Offer somebody a part of your duty for one of theirs, in one schedule. Both of
you must be on call in the whole of what you give. The other person is told,
and nothing changes until they accept.`,
		Example: `  tocsin swap offer --schedule payments --with bob --give-from 2026-12-01T08:00:00Z --give-until 2026-12-02T08:00:00Z --take-from 2026-12-08T08:00:00Z --take-until 2026-12-09T08:00:00Z --reason dentist`,
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(w client.Swap) { swapColumns().show(ctx, c, w) })(content(c.OfferSwap(ctx, order)))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&order.Schedule, "schedule", "", "the schedule")
	f.StringVar(&order.Taker, "with", "", "id of the other person")
	f.StringVar(&order.Reason, "reason", "", "why")
	f.StringVar(&order.Give.Rotation, "give-rotation", "", "rotation of what you give; without it the first")
	f.StringVar(&order.Take.Rotation, "take-rotation", "", "rotation of what you take; without it the first")
	ahead(cmd, &order.Give.From, "give-from", "beginning of what you give")
	ahead(cmd, &order.Give.Until, "give-until", "end of what you give")
	ahead(cmd, &order.Take.From, "take-from", "beginning of what you take")
	ahead(cmd, &order.Take.Until, "take-until", "end of what you take")
	require(cmd, "schedule", "with", "give-from", "give-until", "take-from", "take-until")
	return cmd
}

func swapListCommand(s *session) *cobra.Command {
	var params client.ListSwapsParams
	var p paging
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List swaps, the newest first",
		Example: "  tocsin swap list --person me\n  tocsin swap list --schedule payments --ended",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return list(ctx, c, p, listing[client.SwapList, client.Swap]{
				ask: func(ctx context.Context, cursor string, limit int) (*http.Response, error) {
					params.Cursor, params.Limit = cursor, limit
					return c.ListSwaps(ctx, &params)
				},
				open:    func(page client.SwapList) ([]client.Swap, string) { return page.Swaps, page.Next },
				columns: swapColumns(),
			})
		}),
	}
	f := cmd.Flags()
	f.StringVar(&params.Schedule, "schedule", "", "only of this schedule")
	f.StringVar(&params.Person, "person", "", "only where this person gives or takes; me is yourself")
	f.BoolVar(&params.All, "ended", false, "also those that were answered or have expired")
	p.addFlags(cmd)
	return cmd
}

func swapColumns() columns[client.Swap] {
	return columns[client.Swap]{
		header: []string{"ID", "STATE", "SCHEDULE", "GIVES", "FOR", "OWNER", "OFFERED", "REASON"},
		row: func(k clock, w client.Swap) []string {
			span := func(who string, s client.Span) string {
				return fmt.Sprintf("%s %s %s to %s", who, s.Rotation, k.at(s.From), k.at(s.Until))
			}
			return []string{w.Id, w.State, w.Schedule, span(w.Giver, w.Give), span(w.Taker, w.Take), w.Owner, k.at(w.MadeAt), w.Reason}
		},
		none: "no swap fits",
	}
}

// swapAnswerCommand makes one of the commands that end an offer.
func swapAnswerCommand(
	s *session, verb, short string, do func(client.ClientInterface, context.Context, string, ...client.RequestEditorFn) (*http.Response, error),
) *cobra.Command {
	return &cobra.Command{
		Use:     verb + " SWAP-ID",
		Short:   short,
		Example: "  tocsin swap " + verb + " s-4f9a2c71d0",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, func(w client.Swap) { c.say("swap %s is %s", w.Id, w.State) })(content(do(c, ctx, args[0])))
		}),
	}
}
