package cli

import (
	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func noteCommand(s *session) *cobra.Command {
	var body client.Note
	cmd := s.command(lines{"note", "Write a note to the timeline", "note INC-7 --text 'error rate falls since 02:10'"},
		gives(&body, client.ClientInterface.AddNote))
	cmd.Flags().StringVar(&body.Text, "text", "", "the note")
	cmd.Flags().BoolVar(&body.Highlight, "highlight", false, "show it on the ticket too")
	cmd.Flags().BoolVar(&body.Investigation, "investigation", false, "it belongs to the investigation, which the investigator writes")
	return require(cmd, "text")
}

func linkCommand(s *session) *cobra.Command {
	var body client.AddLink
	// --url is the address of the API everywhere: this one has another name.
	cmd := s.command(lines{"link", "Add a titled link", "link INC-7 --title 'Error graph' --to https://grafana.example.org/d/7"},
		gives(&body, client.ClientInterface.AddLink))
	cmd.Flags().StringVar(&body.Title, "title", "", "what it leads to")
	cmd.Flags().StringVar(&body.URL, "to", "", "the address: http:// or https://")
	return require(cmd, "title", "to")
}

func causeCommand(s *session) *cobra.Command {
	var body client.SetCause
	cmd := s.command(lines{"cause", "Say what may be the cause, or what it was", "cause INC-7 --hypothesis 'the release of 02:10 takes locks'"},
		gives(&body, client.ClientInterface.SetCause))
	cmd.Flags().StringVar(&body.Hypothesis, "hypothesis", "", "what may be the cause")
	cmd.Flags().StringVar(&body.RootCause, "root", "", "what was found to be the cause, once it is mitigated")
	cmd.MarkFlagsOneRequired("hypothesis", "root")
	return cmd
}

func statusCommand(s *session) *cobra.Command {
	var body client.SetStatus
	cmd := s.command(lines{"status", "Say what happens now and next", "status INC-7 --status 'rolling back to 41' --next 'watch the error rate'"},
		gives(&body, client.ClientInterface.SetStatus))
	cmd.Flags().StringVar(&body.Status, "status", "", "what happens now")
	cmd.Flags().StringVar(&body.NextStep, "next", "", "what comes next")
	return require(cmd, "status")
}

func updateCommand(s *session) *cobra.Command {
	var body client.PostUpdate
	cmd := s.command(lines{"update", "Post a status update to the audiences", "update INC-7 --what 'card payments fail' --doing 'rolling back' --estimate 30m"},
		gives(&body, client.ClientInterface.PostUpdate))
	cmd.Flags().StringVar(&body.What, "what", "", "what happens")
	cmd.Flags().StringVar(&body.Doing, "doing", "", "what is being done")
	ahead(cmd, &body.Estimate, "estimate", "when it is expected to be over; unknown when missing")
	return require(cmd, "what", "doing")
}
