package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

func apiCommand() *cobra.Command {
	var withoutIntake bool
	cmd := &cobra.Command{
		Use:   "api",
		Short: "Serve the API, and take alerts",
		Long: `Serve the API. It takes alerts too, unless --no-intake is given: then run
"tocsin intake" elsewhere, since whatever takes alerts holds the credentials
of paging.`,
		Example: "  TOCSIN_DATABASE=postgres://... TOCSIN_PUBLIC_URL=https://tocsin.example.org tocsin api",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := app.Options{API: true}
			if !withoutIntake {
				o.Intake, o.Queues = true, []string{workflows.Incidents}
			}
			return serve(cmd, o)
		},
	}
	cmd.Flags().BoolVar(&withoutIntake, "no-intake", false, "serve people only; alerts are refused")
	return cmd
}

func intakeCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "intake",
		Short:   "Take alerts, apart from the public API",
		Example: "  TOCSIN_LISTEN=127.0.0.1:8081 tocsin intake",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd, app.Options{API: true, Intake: true, Queues: []string{workflows.Incidents}})
		},
	}
}

func workerCommand() *cobra.Command {
	var queues []string
	var listen string
	cmd := &cobra.Command{
		Use:     "worker",
		Short:   "Do the work of the task queues",
		Example: "  tocsin worker --listen 127.0.0.1:8082\n  tocsin worker --queue runbooks",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd, app.Options{Queues: queues, API: listen != "", Listen: listen})
		},
	}
	cmd.Flags().StringSliceVar(&queues, "queue", worker.Queues(), "task queues to serve")
	cmd.Flags().StringVar(&listen, "listen", "", "serve health, metrics and the API without intake on this address too")
	return cmd
}

// stopWithin is how long a process may take to stop.
const stopWithin = 30 * time.Second

// serve runs one process until it is told to stop.
func serve(cmd *cobra.Command, o app.Options) error {
	config, err := configure(cmd, app.LoadConfig)
	if err != nil {
		return err
	}
	o.Config = config
	o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	slog.SetDefault(o.Log)
	ctx := cmd.Context()
	if err := run(ctx, o); ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return nil // told to stop before it was ready
}

func run(ctx context.Context, o app.Options) error {
	a, err := app.New(ctx, o)
	if err != nil {
		return err
	}
	if err = a.Start(ctx); err == nil {
		o.Log.Info("tocsin is running", "api", a.Addr(), "queues", o.Queues)
		select {
		case <-ctx.Done():
		case err = <-a.Failed():
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, a.Close(stopping))
}

// configure loads what the flag --config and the environment say.
func configure[C any](cmd *cobra.Command, load func(file string, env func(string) string) (C, error)) (c C, err error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return c, err
	}
	return load(file, os.Getenv)
}

func migrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "migrate",
		Short:   "Prepare the database and Temporal's search attributes",
		Example: "  TOCSIN_DATABASE=postgres://... tocsin migrate",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := configure(cmd, app.LoadConfig)
			if err != nil {
				return err
			}
			return app.Migrate(cmd.Context(), config, cmd.OutOrStdout())
		},
	}
}
