package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
)

// demoWithin is how long the whole demo may take.
const demoWithin = time.Minute

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "demo",
		Short:   "Play one incident from alert to closing, narrated",
		Long:    "Play one incident on a stack of its own, in memory and on free ports. It exits\nwith 0 only if every step really happened.",
		Example: "  tocsin-dev demo",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx, cancel := context.WithTimeout(cmd.Context(), demoWithin)
			defer cancel()
			out := cmd.OutOrStdout()
			_, _ = fmt.Fprintln(out, "Starting Temporal, the sandbox and Tocsin ...")
			stack, err := devstack.Start(ctx, devstack.Config{Adjust: demo.Hasten})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, stack.Close(context.WithoutCancel(ctx))) }()
			return demo.Play(ctx, stack, out)
		},
	}
}
