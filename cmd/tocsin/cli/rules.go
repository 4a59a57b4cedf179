package cli

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

func rulesCommand(s *session) *cobra.Command {
	return group("rules", "Say how you want to be reached", "  tocsin rules show\n  tocsin rules set --urgent phone --urgent mail:2m --quiet 22:00-07:00",
		rulesShowCommand(s), rulesSetCommand(s), rulesClearCommand(s))
}

func rulesShowCommand(s *session) *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:     "show",
		Short:   "Show by which contact methods pages go out, and when",
		Example: "  tocsin rules show\n  tocsin rules show --person bob",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, c.rules)(content(c.GetRules(ctx, url.PathEscape(person))))
		}),
	}
	whose(cmd, &person)
	return cmd
}

func (c *call) rules(r client.Rules) {
	t := c.table("PAGES", "CONTACT", "AFTER", "NOTE")
	for _, list := range []struct {
		name  string
		rules []client.RuleInForce
	}{{"urgent", r.Urgent}, {"ordinary", r.Ordinary}} {
		for _, rule := range list.rules {
			after := time.Duration(rule.AfterSeconds) * time.Second
			t.row(list.name, rule.Contact, when(after > 0, catalog.FormatDuration(after))+when(after == 0, "at once"), when(rule.Unverified, "not verified"))
		}
	}
	t.flush()
	for _, w := range r.Quiet {
		c.say("ordinary pages wait: %s (%s)", windowText(w), r.Zone)
	}
	c.say("owner: %s", words(" by ", r.Owner, r.By))
}

func windowText(w client.Window) string {
	return words(" ", strings.Join(w.Days, ","), words("-", w.From, w.Until))
}

func rulesSetCommand(s *session) *cobra.Command {
	var person string
	var urgent, ordinary, quiet []string
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Set your own rules, in place of those that you set before",
		Long: `Set your own rules, in place of those that you set before. A rule names a
contact method and how long after the page is due it is used; a list that is
not given leaves the declared one in force. During quiet hours, in your zone,
ordinary pages wait; urgent ones never do.`,
		Example: `  tocsin rules set --urgent phone --urgent mail:2m --ordinary mail
  tocsin rules set --quiet 22:00-07:00 --quiet saturday,sunday`,
		Args: between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			var order client.RulesOrder
			var err error
			if order.Urgent, err = readRules(urgent); err != nil {
				return err
			}
			if order.Ordinary, err = readRules(ordinary); err != nil {
				return err
			}
			for _, text := range quiet {
				order.Quiet = append(order.Quiet, readWindow(text))
			}
			return show(c, c.rules)(content(c.SetRules(ctx, url.PathEscape(person), order)))
		}),
	}
	f := cmd.Flags()
	f.StringArrayVar(&urgent, "urgent", nil, "CONTACT or CONTACT:DELAY for urgent pages; repeat it for more")
	f.StringArrayVar(&ordinary, "ordinary", nil, "CONTACT or CONTACT:DELAY for ordinary pages; repeat it for more")
	f.StringArrayVar(&quiet, "quiet", nil, "22:00-07:00, saturday,sunday, or both apart by a space; repeat it for more")
	whose(cmd, &person)
	cmd.MarkFlagsOneRequired("urgent", "ordinary", "quiet")
	return cmd
}

// readRules reads CONTACT or CONTACT:DELAY.
func readRules(texts []string) ([]client.RuleOrder, error) {
	var out []client.RuleOrder
	for _, text := range texts {
		contact, delay, delayed := strings.Cut(text, ":")
		after, ok := parseDistance(delay)
		if delayed && !ok {
			return nil, misused("%q: write a rule as CONTACT or CONTACT:DELAY, such as mail:2m", text)
		}
		out = append(out, client.RuleOrder{Contact: contact, AfterSeconds: int(after / time.Second)})
	}
	return out, nil
}

// readWindow reads "DAYS FROM-UNTIL", of which either may be missing.
func readWindow(text string) client.Window {
	var w client.Window
	for part := range strings.FieldsSeq(text) {
		if strings.Contains(part, ":") {
			w.From, w.Until, _ = strings.Cut(part, "-")
			continue
		}
		w.Days = append(w.Days, strings.Split(part, ",")...)
	}
	return w
}

func rulesClearCommand(s *session) *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use:     "clear",
		Short:   "Go back to the rules that the catalog declares",
		Example: "  tocsin rules clear",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return c.done("the declared rules are in force")(content(c.ClearRules(ctx, url.PathEscape(person))))
		}),
	}
	whose(cmd, &person)
	return cmd
}
