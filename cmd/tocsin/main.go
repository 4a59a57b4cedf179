// Tocsin runs incident response as durable workflows. This program is its
// servers and the command line that people respond with.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Execute(ctx, command())
	stop()
	os.Exit(code)
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
	root.AddCommand(apiCommand(), intakeCommand(), workerCommand(), migrateCommand(), watchdogCommand())
	root.AddCommand(cli.Commands()...)
	return root
}
