package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

func tokenCommand(s *session) *cobra.Command {
	return group("token", "Make, list and revoke tokens", "  tocsin token create --machine alertmanager --scope alerts\n  tocsin token list",
		tokenCreateCommand(s), tokenListCommand(s), tokenRotateCommand(s), tokenRevokeCommand(s), tokenBootstrapCommand(s))
}

func tokenCreateCommand(s *session) *cobra.Command {
	var order client.TokenOrder
	var person, machine string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a token for one person or one machine",
		Long: `Make a token for one person or one machine of the catalog. The token itself is
printed on the standard output, once; nobody can read it again.`,
		Example: "  tocsin token create --person alice --scope read,respond\n  tocsin token create --machine alertmanager --scope alerts --name production > token\n  tocsin token create --machine alertmanager --scope alerts --source generic --service search > key",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			order.Kind, order.Subject = "person", person
			if machine != "" {
				order.Kind, order.Subject = "machine", machine
			}
			return show(c, func(t client.NewToken) {
				c.say("%s", t.Token)
				c.tell("token %s of %s %s; it is not shown again", t.Id, order.Kind, order.Subject)
			})(content(c.CreateToken(ctx, order)))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&person, "person", "", "id of the person it belongs to")
	f.StringVar(&machine, "machine", "", "id of the machine it belongs to")
	f.StringSliceVar(&order.Scopes, "scope", nil, "alerts, read, respond, catalog, metrics or admin; repeat it for more")
	f.StringVar(&order.Name, "name", "", "what it is for")
	f.StringVar(&order.Source, "source", "", "for a machine: the one source that it may send for: alertmanager, generic, heartbeat or changes")
	f.StringVar(&order.Service, "service", "", "with --source: the service that its alerts belong to")
	ahead(cmd, &order.ExpiresAt, "expires", "when it ends; never when missing")
	cmd.MarkFlagsMutuallyExclusive("person", "machine")
	cmd.MarkFlagsOneRequired("person", "machine")
	return require(cmd, "scope")
}

func tokenListCommand(s *session) *cobra.Command {
	var params client.ListTokensParams
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the tokens, the newest first",
		Example: "  tocsin token list\n  tocsin token list --kind machine --valid\n  tocsin token list --subject alice",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(l client.TokenList) { tokenColumns().show(ctx, c, l.Tokens...) })(content(c.ListTokens(ctx, &params)))
		}),
	}
	f := cmd.Flags()
	f.StringVar((*string)(&params.Kind), "kind", "", "only those of a person or of a machine")
	f.StringVar(&params.Subject, "subject", "", "only those of the person or machine of this id; me is yourself")
	f.BoolVar(&params.Valid, "valid", false, "only those that still work")
	return cmd
}

func tokenColumns() columns[client.Token] {
	return columns[client.Token]{
		header: []string{"ID", "KIND", "OWNER", "SCOPES", "BOUND TO", "NAME", "CREATED", "LAST USED", "STATE"},
		row: func(k clock, t client.Token) []string {
			return []string{
				t.Id, t.Kind, t.Subject, strings.Join(t.Scopes, ","), words("/", t.Source, t.Service), t.Name,
				k.at(t.CreatedAt), cmp.Or(k.at(t.LastUsedAt), "never"), stateOf(k, t),
			}
		},
		none: "no token fits",
	}
}

// stateOf says whether a token works, and until when.
func stateOf(k clock, t client.Token) string {
	switch {
	case !t.RevokedAt.IsZero():
		return "revoked " + k.at(t.RevokedAt)
	case t.ExpiresAt.IsZero():
		return "valid"
	case t.ExpiresAt.Before(time.Now()):
		return "expired " + k.at(t.ExpiresAt)
	}
	return "until " + k.at(t.ExpiresAt)
}

func tokenRotateCommand(s *session) *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use:   "rotate TOKEN-ID",
		Short: "Replace a token; the old one works on for a while",
		Long: `Replace a token by one that may do the same. The new one is printed on the
standard output, once; the old one works on for a while, so that nothing is lost
until its user has the new one.`,
		Example: "  tocsin token rotate 0197f0b8-5c1e-7d3a-9a60-0c1f0e3b2a11 --overlap 48h > key",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			if overlap < time.Hour || overlap%time.Hour != 0 {
				return misused("--overlap: give whole hours, one at least; to end a token at once, revoke it")
			}
			order := client.TokenRotation{OverlapHours: int(overlap / time.Hour)}
			return show(c, func(t client.NewToken) {
				c.say("%s", t.Token)
				c.tell("token %s takes the place of %s, which works for another %s; it is not shown again", t.Id, args[0], catalog.FormatDuration(overlap))
			})(content(c.RotateToken(ctx, args[0], order)))
		}),
	}
	lasting(cmd, &overlap, "overlap", "24h", "for how long the old token works on")
	return cmd
}

func tokenRevokeCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke TOKEN-ID",
		Short:   "End a token, for ever",
		Example: "  tocsin token revoke 0197f0b8-5c1e-7d3a-9a60-0c1f0e3b2a11",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return c.done("token %s is revoked; it stops working within ten seconds", args[0])(content(c.RevokeToken(ctx, args[0])))
		}),
	}
}
