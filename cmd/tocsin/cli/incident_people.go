package cli

import (
	"context"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

func reassignCommand(s *session) *cobra.Command {
	var body client.Reassign
	cmd := s.command(lines{"reassign", "Offer the incident to somebody else; you hold it until they accept", "reassign INC-7 --team storefront --reason 'the index is corrupt'"},
		gives(&body, client.ClientInterface.Reassign))
	return reasoned(targeted(cmd, &body.To), &body.Reason)
}

func addResponderCommand(s *session) *cobra.Command {
	var body client.AddResponder
	cmd := s.command(lines{"add-responder", "Page one more person, team or schedule", "add-responder INC-7 --person dave --reason 'he wrote the importer'"},
		gives(&body, client.ClientInterface.AddResponder))
	return reasoned(targeted(cmd, &body.Target), &body.Reason)
}

// targeted adds the flags for whom to reach: exactly one of them.
func targeted(cmd *cobra.Command, t *client.Target) *cobra.Command {
	f := cmd.Flags()
	f.StringVar(&t.Person, "person", "", "id of a person")
	f.StringVar(&t.Team, "team", "", "id of a team: all its members")
	f.StringVar(&t.Schedule, "schedule", "", "SCHEDULE or SCHEDULE/ROTATION: who is on call there")
	cmd.MarkFlagsMutuallyExclusive("person", "team", "schedule")
	cmd.MarkFlagsOneRequired("person", "team", "schedule")
	return cmd
}

func roleCommand(s *session) *cobra.Command {
	return group("role", "Offer and accept roles", "  tocsin incident role assign INC-7 --role commander --person carol",
		roleAssignCommand(s), roleAcceptCommand(s))
}

const roles = "holder, commander, deputy, scribe, communications, investigator or responder"

func roleAssignCommand(s *session) *cobra.Command {
	var body client.AssignRole
	cmd := s.command(lines{"assign", "Offer a role to a person, who is paged until they accept", "role assign INC-7 --role commander --person carol"},
		gives(&body, client.ClientInterface.AssignRole))
	cmd.Flags().StringVar((*string)(&body.Role), "role", "", roles)
	cmd.Flags().StringVar(&body.Person, "person", "", "id of the person")
	return require(cmd, "role", "person")
}

func roleAcceptCommand(s *session) *cobra.Command {
	var role incident.Role
	cmd := s.command(lines{"accept", "Accept a role that is offered or looked for", "role accept INC-7 --role commander"},
		func(ctx context.Context, a aim) (*http.Response, error) {
			return a.AcceptRole(ctx, a.number, role, &client.AcceptRoleParams{IdempotencyKey: a.key()})
		})
	cmd.Flags().StringVar((*string)(&role), "role", "", roles)
	return require(cmd, "role")
}
