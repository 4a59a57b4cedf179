package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func pageCommand(s *session) *cobra.Command {
	return group("page", "Try whether pages arrive, and read the ledger of all that were due", "  tocsin page test --person me\n  tocsin page list --person me",
		pageTestCommand(s), pageListCommand(s))
}

func pageTestCommand(s *session) *cobra.Command {
	var body client.PageTest
	cmd := &cobra.Command{
		Use:   "test",
		Short: "Page somebody by every contact method, as a test",
		Long: `Page somebody by every contact method, as a test. It fails when one of them was
not handed over. Paging somebody else needs the scope admin.`,
		Example: "  tocsin page test --person me\n  tocsin page test --person carol",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			c.progress("paging %s by every contact method", body.Person)
			answer, data, err := read[client.PageTestResult](content(c.TestPage(ctx, body)))
			if err != nil {
				return err
			}
			return c.tried(answer, data)
		}),
	}
	cmd.Flags().StringVar(&body.Person, "person", "me", "id of the person; me is yourself")
	return cmd
}

// tried shows what became of each contact method.
func (c *call) tried(answer client.PageTestResult, data []byte) error {
	if c.session.json {
		c.raw(data)
	} else {
		t := c.table("PERSON", "CONTACT", "KIND", "HANDED OVER", "ERROR")
		for _, m := range answer.Contacts {
			t.row(answer.Person, m.Contact, m.Kind, map[bool]string{true: "yes", false: "no"}[m.HandedOver], m.Error)
		}
		t.flush()
	}
	failed := 0
	for _, m := range answer.Contacts {
		if !m.HandedOver {
			failed++
		}
	}
	switch {
	case len(answer.Contacts) == 0:
		return fmt.Errorf("%s has no contact method: add one to the catalog", answer.Person)
	case failed > 0:
		return fmt.Errorf("%d of %d contact methods of %s do not work", failed, len(answer.Contacts), answer.Person)
	}
	return nil
}
