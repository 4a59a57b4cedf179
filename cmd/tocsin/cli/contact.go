package cli

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

// whose adds the flag that names whose contact methods or rules are meant.
func whose(cmd *cobra.Command, person *string) {
	cmd.Flags().StringVar(person, "person", "me", "id of the person; me is yourself; somebody else's take the scope admin to change")
}

func contactCommand(s *session) *cobra.Command {
	return group("contact", "Say where pages reach you", "  tocsin contact list\n  tocsin contact add private-mail --kind email --address alice@example.com",
		contactListCommand(s), contactAddCommand(s), contactRemoveCommand(s), contactVerifyCommand(s), contactConfirmCommand(s))
}

func contactListCommand(s *session) *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List contact methods, declared ones and one's own",
		Example: "  tocsin contact list\n  tocsin contact list --person bob",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(l client.ContactList) { contactColumns().show(ctx, c, l.Contacts...) })(content(c.ListContacts(ctx, url.PathEscape(person))))
		}),
	}
	whose(cmd, &person)
	return cmd
}

func contactColumns() columns[client.Contact] {
	yes := map[bool]string{true: "yes", false: "no"}
	return columns[client.Contact]{
		header: []string{"CONTACT", "KIND", "ADDRESS", "VERIFIED", "IN USE", "OWNER", "BY", "ADDED"},
		row: func(k clock, m client.Contact) []string {
			return []string{m.Id, m.Kind, m.Address, yes[m.Verified], yes[m.InUse], m.Owner, m.By, k.at(m.MadeAt)}
		},
		none: "no contact method: pages reach nobody",
	}
}

func contactAddCommand(s *session) *cobra.Command {
	var person string
	var order client.ContactOrder
	cmd := &cobra.Command{
		Use:   "add CONTACT",
		Short: "Add a contact method of your own",
		Long: `Add a contact method of your own, under an id that rules can name. It survives
every apply of the catalog, and hides a declared one of the same id. Until it
is verified, pages use it only when you have no verified one. A webhook is for
administrators to add.`,
		Example: "  tocsin contact add private-mail --kind email --address alice@example.com\n  tocsin contact add phone-2 --kind push --address alice-2",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			order.Id = args[0]
			return show(c, func(m client.Contact) {
				contactColumns().show(ctx, c, m)
				c.tell("verify it: tocsin contact verify %s", m.Id)
			})(content(c.AddContact(ctx, url.PathEscape(person), order)))
		}),
	}
	f := cmd.Flags()
	f.StringVar(&order.Kind, "kind", "", "the channel, such as email or push")
	f.StringVar(&order.Address, "address", "", "where it reaches you")
	whose(cmd, &person)
	require(cmd, "kind", "address")
	return cmd
}

func contactRemoveCommand(s *session) *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:     "remove CONTACT",
		Short:   "Remove a contact method of your own",
		Example: "  tocsin contact remove private-mail",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return c.done("contact method %s is removed", args[0])(content(c.RemoveContact(ctx, url.PathEscape(person), url.PathEscape(args[0]))))
		}),
	}
	whose(cmd, &person)
	return cmd
}

func contactVerifyCommand(s *session) *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:   "verify CONTACT",
		Short: "Have a code sent to a contact method",
		Long: `Have six digits sent to a contact method, to be sent back within ten minutes. At
most three codes an hour, and ten to all your contact methods; only the last one
counts.`,
		Example: "  tocsin contact verify private-mail",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, func(sent client.CodeSent) {
				c.say("a code was sent by %s and is good until %s", sent.Kind, c.clock(ctx).at(sent.ExpiresAt))
				c.tell("send it back: tocsin contact confirm %s --code CODE", sent.Contact)
			})(content(c.VerifyContact(ctx, url.PathEscape(person), url.PathEscape(args[0]))))
		}),
	}
	whose(cmd, &person)
	return cmd
}

func contactConfirmCommand(s *session) *cobra.Command {
	var person string
	var body client.CodeBody
	cmd := &cobra.Command{
		Use:     "confirm CONTACT",
		Short:   "Send back the code of a contact method",
		Example: "  tocsin contact confirm private-mail --code 123456",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return show(c, func(m client.Contact) { c.say("contact method %s is verified", m.Id) })(
				content(c.ConfirmContact(ctx, url.PathEscape(person), url.PathEscape(args[0]), body)))
		}),
	}
	cmd.Flags().StringVar(&body.Code, "code", "", "the six digits")
	whose(cmd, &person)
	require(cmd, "code")
	return cmd
}
