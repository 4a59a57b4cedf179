package cli

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func tokenCommand(s *session) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "token",
		Short:   "Make, list and revoke tokens",
		Example: "  tocsin token create --machine alertmanager --scope alerts\n  tocsin token list",
	}
	cmd.AddCommand(tokenCreateCommand(s), tokenListCommand(s), tokenRevokeCommand(s), tokenBootstrapCommand(s))
	return cmd
}

func tokenCreateCommand(s *session) *cobra.Command {
	var order client.TokenOrder
	var person, machine string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a token for one person or one machine",
		Long: `Make a token for one person or one machine of the catalog. The token itself is
printed on the standard output, once; nobody can read it again.`,
		Example: "  tocsin token create --person alice --scope read,respond\n  tocsin token create --machine alertmanager --scope alerts --name production > token",
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
	ahead(cmd, &order.ExpiresAt, "expires", "when it ends; never when missing")
	cmd.MarkFlagsMutuallyExclusive("person", "machine")
	cmd.MarkFlagsOneRequired("person", "machine")
	return require(cmd, "scope")
}

func tokenListCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the tokens, the newest first",
		Example: "  tocsin token list",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.tokens)(content(c.ListTokens(ctx)))
		}),
	}
}

func (c *call) tokens(answer client.TokenList) {
	k := c.clock(c.cmd.Context())
	t := c.table("ID", "KIND", "OWNER", "SCOPES", "NAME", "CREATED", "LAST USED", "STATE")
	for _, token := range answer.Tokens {
		state := "valid"
		switch {
		case !token.RevokedAt.IsZero():
			state = "revoked " + k.at(token.RevokedAt)
		case !token.ExpiresAt.IsZero() && token.ExpiresAt.Before(time.Now()):
			state = "expired " + k.at(token.ExpiresAt)
		case !token.ExpiresAt.IsZero():
			state = "until " + k.at(token.ExpiresAt)
		}
		t.row(token.Id, token.Kind, token.Subject, strings.Join(token.Scopes, ","), token.Name,
			k.at(token.CreatedAt), cmp.Or(k.at(token.LastUsedAt), "never"), state)
	}
	t.flush()
}

func tokenRevokeCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke TOKEN-ID",
		Short:   "End a token, for ever",
		Example: "  tocsin token revoke 0197f0b8-5c1e-7d3a-9a60-0c1f0e3b2a11",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			if _, err := content(c.RevokeToken(ctx, args[0])); err != nil {
				return err
			}
			c.tell("token %s is revoked; it stops working within ten seconds", args[0])
			return nil
		}),
	}
}
