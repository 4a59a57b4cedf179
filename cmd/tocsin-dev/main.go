// Tocsin-dev runs everything in one process, for one person on one machine:
// to try Tocsin, to develop it, to see its demo and to measure it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "tocsin-dev:", err)
		if errors.Is(err, syscall.EADDRINUSE) {
			fmt.Fprintln(os.Stderr, "Every port is a setting, such as TOCSIN_API_PORT: see make help.")
		}
		os.Exit(1) //nolint:gocritic // the signals die with the process
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "tocsin-dev",
		Short: "Run all of Tocsin in one process",
		Long: `Run Temporal with its UI, the API, the workers, the database and a sandbox that
stands for the outside world, in one process on this machine.`,
		Example:       "  tocsin-dev\n  EPHEMERAL=1 TOCSIN_API_PORT=18080 tocsin-dev\n  tocsin-dev demo",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), cmd.OutOrStdout()) },
	}
	root.AddCommand(demoCommand(), benchCommand(), benchPartCommand(), historiesCommand())
	return root
}
