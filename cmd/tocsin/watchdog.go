package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
)

func watchdogCommand() *cobra.Command {
	var test bool
	cmd := &cobra.Command{
		Use:   "watchdog",
		Short: "Page the last resort, from another machine, when Tocsin stops beating",
		Long: `Hear the beats of a Tocsin that runs elsewhere, at http://THIS-MACHINE/beat/SECRET,
and page the last resort by routes of its own when none comes for a while: again
and again until beats come. It needs neither Temporal nor a database. Give it
two routes that share nothing with Tocsin's own, and let --test prove them.`,
		Example: `  TOCSIN_WATCHDOG_SECRET=... TOCSIN_NTFY_URL=https://ntfy.example.org TOCSIN_WATCHDOG_TOPICS=carol,dave tocsin watchdog
  tocsin watchdog --config watchdog.yaml --test`,
		Args: cobra.NoArgs,
	}
	flags := cmd.Flags()
	flags.BoolVar(&test, "test", false, "send one test page by every route, and end")
	listen := flags.String("listen", "", "address of beats, health and metrics")
	after := flags.Duration("after", 0, "how long beats may be missing")
	state := flags.String("state", "", "file that remembers an alarm over restarts")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := configure(cmd, watchdog.LoadConfig)
		if err != nil {
			return err
		}
		given(flags.Changed("listen"), &c.Listen, *listen)
		given(flags.Changed("after"), &c.After, *after)
		given(flags.Changed("state"), &c.State, *state)
		routes, err := watchdog.Routes(c)
		if !test {
			err = errors.Join(c.Validate(), err)
		}
		if err != nil {
			return err
		}
		if test {
			return tryRoutes(cmd, c.Name, routes)
		}
		return watch(cmd.Context(), c, routes)
	}
	return cmd
}

// given lets a flag win.
func given[T any](changed bool, into *T, value T) {
	if changed {
		*into = value
	}
}

func tryRoutes(cmd *cobra.Command, name string, routes []watchdog.Route) error {
	tried := watchdog.Try(cmd.Context(), name, routes)
	failed := 0
	for _, route := range slices.Sorted(maps.Keys(tried)) {
		said := "took the test page"
		if err := tried[route]; err != nil {
			failed++
			said = "FAILED: " + err.Error()
		}
		if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%-10s %s\n", route, said); err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d routes failed: see above", failed, len(tried))
	}
	return nil
}

// watch serves and watches until ctx ends.
func watch(ctx context.Context, c watchdog.Config, routes []watchdog.Route) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	registry := prometheus.NewRegistry()
	w := watchdog.New(c, routes, log, registry)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; set TOCSIN_WATCHDOG_LISTEN to another address", c.Listen, err)
	}
	log.Info("hearing beats", "address", l.Addr().String(), "path", "/beat/(the secret)")
	server := watchdog.NewServer(w.Handler(registry))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			stop(fmt.Errorf("hear beats: %w", err))
		}
	}()
	err = w.Run(ctx)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		err = errors.Join(err, cause)
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, server.Shutdown(closing))
}
