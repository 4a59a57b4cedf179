package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func ackCommand(s *session) *cobra.Command {
	var body client.Acknowledge
	cmd := s.command(lines{"ack", "Acknowledge: take the incident as it is known now", "ack INC-7"},
		gives(&body, client.ClientInterface.Acknowledge))
	cmd.Aliases = []string{"acknowledge"}
	cmd.Flags().StringVar(&body.Page, "page", "", "key of the page that is answered")
	return cmd
}

func snoozeCommand(s *session) *cobra.Command {
	var body client.Snooze
	cmd := s.command(lines{"snooze", "Take it, and do not be reached about it until a time", "snooze INC-7 --until 2h --reason 'the index is being rebuilt'"},
		gives(&body, client.ClientInterface.Snooze))
	ahead(cmd, &body.Until, "until", "when to be paged again about what still stands")
	return require(reasoned(cmd, &body.Reason), "until")
}

func declineCommand(s *session) *cobra.Command {
	var body client.Decline
	cmd := s.command(lines{"decline", "Say that you cannot take it", "decline INC-7 --reason 'on a train without a laptop'"},
		gives(&body, client.ClientInterface.Decline))
	return reasoned(cmd, &body.Reason)
}

func escalateCommand(s *session) *cobra.Command {
	var body client.Escalate
	cmd := s.command(lines{"escalate", "Page the next level now", "escalate INC-7 --reason 'somebody who knows the database'"},
		gives(&body, client.ClientInterface.Escalate))
	return reasoned(cmd, &body.Reason)
}

func feedbackCommand(s *session) *cobra.Command {
	var body client.Feedback
	var useless bool
	cmd := s.command(lines{"feedback", "Say whether somebody had to do something", "feedback INC-7 --not-actionable --reason 'cleans itself up every night'"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			body.Actionable = body.Actionable || a.cmd.Flags().Changed("not-actionable") && !useless
			return a.GiveFeedback(ctx, a.number, &client.GiveFeedbackParams{IdempotencyKey: a.key()}, body)
		})
	f := cmd.Flags()
	f.BoolVar(&body.Actionable, "actionable", false, "somebody had to do something")
	f.BoolVar(&useless, "not-actionable", false, "nobody had to do anything")
	f.StringVar(&body.Reason, "reason", "", "why; needed for what was not actionable")
	cmd.MarkFlagsOneRequired("actionable", "not-actionable")
	cmd.MarkFlagsMutuallyExclusive("actionable", "not-actionable")
	return cmd
}

func declareCommand(s *session) *cobra.Command {
	var body client.Declaration
	var severity, scope string
	cmd := &cobra.Command{
		Use:     "declare",
		Short:   "Open an incident by hand",
		Example: "  tocsin incident declare --title 'Customers cannot pay' --service payments --severity SEV2",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			body.Severity, body.Impact.Scope = level(severity), scopeOf(scope)
			return show(c, func(d client.Declared) { c.say("%s is open", d.Number) })(
				content(c.DeclareIncident(ctx, &client.DeclareIncidentParams{IdempotencyKey: c.key()}, body)))
		}),
	}
	s.keyFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&body.Title, "title", "", "what is wrong, in a line")
	f.StringVar(&body.Service, "service", "", "id of the service that breaks")
	f.StringVar(&severity, "severity", "", "SEV1 (worst) to SEV5; provisional when missing")
	f.StringVar(&body.Note, "note", "", "first note on the timeline")
	impactFlags(cmd, &body.Impact, &scope)
	return require(cmd, "title", "service")
}
