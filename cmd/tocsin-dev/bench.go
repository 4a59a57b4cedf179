package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
)

// benchWithin is how long all measures together may take.
const benchWithin = 15 * time.Minute

func benchCommand() *cobra.Command {
	var asJSON, verbose bool
	c := bench.Config{}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure the way from an alert to its page",
		Long: `Measure, on stacks of its own, how long pages take beside the least that the
engine can do, what a storm and many open incidents cost, and how long a history
gets. It exits with 0 when nothing was lost, doubled or failed; a missed aim is
printed and is no failure.`,
		Example: "  tocsin-dev bench\n  tocsin-dev bench --only burst --profile /tmp\n  tocsin-dev bench --quick --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), benchWithin)
			defer cancel()
			c.Progress = cmd.ErrOrStderr()
			if verbose {
				c.Log = slog.Default()
			}
			report, failed := bench.Run(ctx, c)
			write := report.Print
			if asJSON {
				write = func(out io.Writer) error { return json.NewEncoder(out).Encode(report) }
			}
			return errors.Join(failed, write(cmd.OutOrStdout()), report.Failed())
		},
	}
	cmd.Flags().BoolVar(&c.Quick, "quick", false, "measure a little of everything, to try the bench itself")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the figures as JSON")
	cmd.Flags().BoolVar(&verbose, "verbose", false, "show what the stacks log")
	cmd.Flags().StringVar(&c.Profile, "profile", "", "write a CPU profile of this process for each measure into this folder")
	cmd.Flags().StringSliceVar(&c.Only, "only", nil, "take only these measures: single, burst, sustained, storm, open, crowd, on-call, steps, whole")
	return cmd
}

// benchPartCommand is for the bench itself.
func benchPartCommand() *cobra.Command {
	return &cobra.Command{
		Use:    bench.PartCommand,
		Short:  "Serve one part of Tocsin to the bench that started this process",
		Args:   cobra.NoArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return bench.ServePart(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
}
