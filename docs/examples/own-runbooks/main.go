// Own-runbooks is a worker with runbooks that live outside Tocsin's repository:
// it runs them on a task queue of its own, with credentials that Tocsin does not
// have, and tells Tocsin of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/serve"
)

// queue is the task queue of these runbooks, which no other program serves.
const queue = "acme-runbooks"

// errNoHelp ends a run whose change did not help.
var errNoHelp = errors.New("the metric did not recover")

// all lists the runbooks.
func all() []runbook.Runbook { return []runbook.Runbook{drainCell()} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "own-runbooks:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	balancer := &Balancer{URL: os.Getenv("BALANCER_URL"), Token: os.Getenv("BALANCER_TOKEN")}
	if balancer.URL == "" || balancer.Token == "" {
		return errors.New("set BALANCER_URL and BALANCER_TOKEN")
	}
	options, err := envconfig.LoadDefaultClientOptions() // TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS...
	if err != nil {
		return err
	}
	temporal, err := client.DialContext(ctx, options)
	if err != nil {
		return err
	}
	defer temporal.Close()
	return serve.Run(ctx, serve.Config{
		Temporal: temporal, Queue: queue, Runbooks: all(), Activities: []any{balancer},
		Version: os.Getenv("VERSION"), // the commit that it was built from
	})
}
