// Tocsin runs incident response as durable workflows. This program is its
// servers and the command line that people respond with.
package main

import (
	"context"
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
		fmt.Fprintln(os.Stderr, "tocsin:", err)
		os.Exit(1) //nolint:gocritic // the signals die with the process
	}
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "tocsin",
		Short:         "Incident response as durable workflows",
		Example:       "  tocsin incident list --open\n  tocsin incident ack INC-7",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().String("config", "", "YAML file with the settings of a server (environment variables win)")
	root.AddCommand(apiCommand(), intakeCommand(), workerCommand(), migrateCommand())
	return root
}
