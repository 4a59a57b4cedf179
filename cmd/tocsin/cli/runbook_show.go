package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

func runbookShowCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "show RUNBOOK",
		Short:   "Show what a runbook does, and the parameters that it takes",
		Example: "  tocsin runbook show rollback",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			l, _, err := read[client.RunbookList](content(c.ListRunbooks(ctx)))
			if err != nil {
				return err
			}
			n := slices.IndexFunc(l.Runbooks, func(b client.Runbook) bool { return b.Name == args[0] })
			if n < 0 {
				return fmt.Errorf("there is no runbook %q; tocsin runbook list shows all", args[0])
			}
			return show(c, func(b client.Runbook) { c.runbook(ctx, b) })(json.Marshal(l.Runbooks[n]))
		}),
	}
}

func (c *call) runbook(ctx context.Context, b client.Runbook) {
	c.say("%s: %s", b.Name, b.About)
	if b.Fits != "" {
		c.say("fits when: %s", b.Fits)
	}
	c.say("changes: %s", cmp.Or(b.Target, "nothing"))
	c.say("")
	columns[spec.Param]{
		header: []string{"PARAMETER", "TYPE", "UNLESS GIVEN", "WHAT IT IS"},
		row: func(_ clock, p spec.Param) []string {
			return []string{p.Name, typeOf(p), ungiven(p), p.About}
		},
		none: "it takes no parameters",
	}.show(ctx, c, b.Params...)
}

// typeOf says which values a parameter may have.
func typeOf(p spec.Param) string {
	text := string(p.Type)
	if len(p.OneOf) > 0 {
		text = strings.Join(p.OneOf, " or ")
	}
	if p.Min != nil {
		text += " from " + number(*p.Min)
	}
	if p.Max != nil {
		text += " to " + number(*p.Max)
	}
	if p.Match != "" {
		text += " like " + p.Match
	}
	return text
}

func number(n float64) string { return strconv.FormatFloat(n, 'g', -1, 64) }

// ungiven says what a parameter is where it is not given and the service's entry
// in the catalog does not offer it.
func ungiven(p spec.Param) string {
	var from []string
	switch label, ok := strings.CutPrefix(p.From, spec.FromLabel); {
	case ok:
		from = append(from, "the alerts' label "+label)
	case p.From == spec.FromIncident:
		from = append(from, "the incident's number")
	case p.From != "":
		from = append(from, "the incident's "+p.From)
	}
	if p.Default != "" {
		from = append(from, p.Default)
	}
	if len(from) > 0 {
		return strings.Join(from, ", else ")
	}
	if p.Optional {
		return "none"
	}
	return "needed"
}
