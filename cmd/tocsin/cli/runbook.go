package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
)

func runbookCommand(s *session) *cobra.Command {
	return group("runbook", "List and run runbooks", "  tocsin runbook list\n  tocsin runbook run rollback --incident INC-7 --param target=checkout --dry-run",
		runbookListCommand(s), runbookShowCommand(s), runbookRunCommand(s), runbookNewCommand(s))
}

func runbookListCommand(s *session) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the runbooks",
		Example: "  tocsin runbook list",
		Args:    between(0, 0),
		RunE: s.run(func(ctx context.Context, c *call, _ []string) error {
			return show(c, func(l client.RunbookList) { runbookColumns().show(ctx, c, l.Runbooks...) })(content(c.ListRunbooks(ctx)))
		}),
	}
}

func runbookColumns() columns[client.Runbook] {
	return columns[client.Runbook]{
		header: []string{"NAME", "CHANGES", "PARAMETERS", "WHAT IT DOES", "WHEN IT FITS", "TASK QUEUE", "HEARD OF"},
		row: func(k clock, b client.Runbook) []string {
			var params []string
			for _, p := range b.Params {
				params = append(params, p.Name)
			}
			return []string{b.Name, cmp.Or(b.Target, "nothing"), strings.Join(params, ", "), b.About, b.Fits, b.TaskQueue, k.at(b.HeardAt)}
		},
		none: "this server has no runbook",
	}
}

func runbookRunCommand(s *session) *cobra.Command {
	var p parameters
	var to string
	cmd := &cobra.Command{
		Use:     "run RUNBOOK",
		Short:   "Run a runbook for an incident",
		Example: "  tocsin runbook run rollback --incident INC-7 --param target=checkout --dry-run",
		Args:    between(1, 1),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			return p.run(ctx, c, to, args[0])
		}),
	}
	s.keyFlag(cmd)
	p.addFlags(cmd)
	numberFlag(cmd, &to, "incident", "number of the `INCIDENT`")
	return require(cmd, "incident")
}
