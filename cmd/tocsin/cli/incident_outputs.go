package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

func outputsCommand(s *session) *cobra.Command {
	var params client.ListOutputsParams
	cmd := &cobra.Command{
		Use:     "outputs INCIDENT [OUTPUT]",
		Short:   "List what runs brought to light, or show one of it",
		Example: "  tocsin incident outputs INC-7\n  tocsin incident outputs INC-7 --run deploy-status-1\n  tocsin incident outputs INC-7 deploy-status-1-1",
		Args:    between(1, 2),
		RunE: s.run(func(ctx context.Context, c *call, args []string) error {
			number, err := numbered(args[0])
			switch {
			case err != nil:
				return err
			case len(args) == 2:
				return show(c, c.output)(content(c.GetOutput(ctx, number, args[1])))
			}
			return show(c, func(l client.OutputList) {
				outputColumns().show(ctx, c, l.Outputs...)
			})(content(c.ListOutputs(ctx, number, &params)))
		}),
	}
	cmd.Flags().StringVar(&params.Run, "run", "", "only of this run")
	cmd.Flags().IntVar(&params.Limit, "limit", 0, "at most so many (50)")
	return cmd
}

func outputColumns() columns[client.Output] {
	return columns[client.Output]{
		header: []string{"AT", "OUTPUT", "TITLE", "SIZE", "REMOVED"},
		row: func(k clock, o client.Output) []string {
			size := redact.Size(o.Bytes)
			if o.RedactedBy != "" {
				size = "redacted by " + o.RedactedBy
			}
			return []string{k.at(o.At), o.ID, o.Title, size, fmt.Sprint(o.Removed)}
		},
		none: "no run has brought anything to light",
	}
}

// output shows one whole.
func (c *call) output(o client.Output) {
	c.tell("%s (%s, run %s)", o.Title, c.clock(c.cmd.Context()).at(o.At), incident.Run{ID: o.Run}.Short())
	for line := range strings.Lines(o.Body) {
		c.say("%s", strings.TrimRight(line, "\r\n"))
	}
}
