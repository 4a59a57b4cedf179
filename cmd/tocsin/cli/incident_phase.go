package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func mitigateCommand(s *session) *cobra.Command {
	var body client.Mitigate
	cmd := s.command(lines{"mitigate", "Say that users are served again", "mitigate INC-7 --what 'rolled back to 41' --since 10m"},
		gives(&body, client.ClientInterface.Mitigate))
	cmd.Flags().StringVar(&body.What, "what", "", "what was done")
	past(cmd, &body.Since, "since", "since when; now when missing")
	return require(cmd, "what")
}

func resolveCommand(s *session) *cobra.Command {
	var body client.Resolve
	cmd := s.command(lines{"resolve", "Say that it is over, and why it will stay so", "resolve INC-7 --fix https://git.example.org/pay/pull/77 --confirm support"},
		gives(&body, client.ClientInterface.Resolve))
	f := cmd.Flags()
	f.StringVar(&body.Fix, "fix", "", "the fixing change")
	f.StringVar(&body.Shortcut, "shortcut", "", "why there is no fixing change yet; it becomes a follow-up")
	f.StringVar(&body.Reason, "reason", "", "why, while alerts still fire")
	f.StringArrayVar(&body.Confirmations, "confirm", nil, "what you confirm, as \"incident show\" lists it; repeat it for more")
	return cmd
}

func reopenCommand(s *session) *cobra.Command {
	var body client.Reopen
	cmd := s.command(lines{"reopen", "Go back to mitigating; the holder is paged again", "reopen INC-7 --reason 'errors are back in one region'"},
		gives(&body, client.ClientInterface.Reopen))
	return reasoned(cmd, &body.Reason)
}

func cancelCommand(s *session) *cobra.Command {
	var body client.Cancel
	cmd := s.command(lines{"cancel", "Cancel a false alarm", "cancel INC-7 --reason 'a load test fired the alert'"},
		gives(&body, client.ClientInterface.Cancel))
	return reasoned(cmd, &body.Reason)
}

func mergeCommand(s *session) *cobra.Command {
	var body client.MergeInto
	cmd := s.command(lines{"merge", "Make it a part of another incident, which goes on", "merge INC-7 --into INC-5 --reason 'both come from the full disk of db1'"},
		gives(&body, client.ClientInterface.Merge))
	numberFlag(cmd, &body.Into, "into", "the `INCIDENT` that goes on")
	return require(reasoned(cmd, &body.Reason), "into")
}

func splitCommand(s *session) *cobra.Command {
	var body client.Split
	cmd := s.command(lines{"split", "Make an incident of its own of some of its alerts", "split INC-5 --alert 3f2a9c0d11e45b67 --title 'disk of db2 is full' --reason 'another cause'"},
		gives(&body, client.ClientInterface.Split))
	f := cmd.Flags()
	f.StringArrayVar(&body.Alerts, "alert", nil, "the fingerprint of an alert that goes, as \"incident show\" lists it; repeat it for more")
	f.StringVar(&body.Title, "title", "", "of the new incident; by default the first of its alerts says it")
	return require(reasoned(cmd, &body.Reason), "alert")
}

func correctCommand(s *session) *cobra.Command {
	var body client.CorrectStamp
	cmd := s.command(lines{"correct", "Correct the time of a clock; the original is kept", "correct INC-7 --clock impact_started --at 2026-03-01T01:55:00Z --reason 'first ticket of support'"},
		gives(&body, client.ClientInterface.CorrectStamp))
	cmd.Flags().StringVar((*string)(&body.Clock), "clock", "", "impact_started, triggered, first_ack, contained, mitigated or resolved")
	past(cmd, &body.At, "at", "when it really was")
	return require(reasoned(cmd, &body.Reason), "clock", "at")
}

func closeCommand(s *session) *cobra.Command {
	return s.command(lines{"close", "Ask for closing now; refused with what is missing", "close INC-7"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			return a.Close(ctx, a.number, &client.CloseParams{IdempotencyKey: a.key()})
		})
}
