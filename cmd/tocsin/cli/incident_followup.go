package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func followUpCommand(s *session) *cobra.Command {
	return group("follow-up", "Add, complete and waive follow-ups", "  tocsin incident follow-up add INC-7 --title 'Alert on the queue length'",
		followUpAddCommand(s), followUpDoneCommand(s), followUpWaiveCommand(s))
}

func followUpAddCommand(s *session) *cobra.Command {
	var body client.AddFollowUp
	cmd := s.command(lines{"add", "Add a follow-up: closing waits for it", "follow-up add INC-7 --title 'Alert on the queue length' --owner alice --priority high --due 7d"},
		gives(&body, client.ClientInterface.AddFollowUp))
	f := cmd.Flags()
	f.StringVar(&body.Title, "title", "", "what is to be done")
	f.StringVar(&body.Owner, "owner", "", "id of the person; the holder when missing")
	f.StringVar((*string)(&body.Priority), "priority", "", "high, medium or low")
	ahead(cmd, &body.Due, "due", "until when; by the policy when missing")
	return require(cmd, "title")
}

func followUpDoneCommand(s *session) *cobra.Command {
	var body client.Completion
	cmd := s.command(lines{"done", "Say that a follow-up is done", "follow-up done INC-7 1 --text 'the alert is in place'"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			return a.CompleteFollowUp(ctx, a.number, a.args[0], &client.CompleteFollowUpParams{IdempotencyKey: a.key()}, body)
		}, "FOLLOW-UP")
	cmd.Flags().StringVar(&body.Text, "text", "", "what was done")
	return cmd
}

func followUpWaiveCommand(s *session) *cobra.Command {
	var body client.Reason
	cmd := s.command(lines{"waive", "Let the incident close without a follow-up", "follow-up waive INC-7 1 --reason 'the service is switched off next week'"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			return a.WaiveFollowUp(ctx, a.number, a.args[0], &client.WaiveFollowUpParams{IdempotencyKey: a.key()}, body)
		}, "FOLLOW-UP")
	return reasoned(cmd, &body.Reason)
}

func collectedCommand(s *session) *cobra.Command {
	return group("follow-ups", "Confirm that all follow-ups are written down", "  tocsin incident follow-ups confirm INC-7",
		s.command(lines{"confirm", "Confirm that all follow-ups are written down", "follow-ups confirm INC-7"},
			func(ctx context.Context, a aim) (*http.Response, error) {
				return a.ConfirmCollected(ctx, a.number, &client.ConfirmCollectedParams{IdempotencyKey: a.key()})
			}))
}
