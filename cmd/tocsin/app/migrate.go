package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/workflows"
)

// Migrate brings the database to this release, and registers the search
// attributes of incidents with Temporal. Both are safe to repeat, and beside a
// running previous release.
func Migrate(ctx context.Context, c Config, out io.Writer) error {
	s, err := store.Open(ctx, c.Database)
	if err != nil {
		return fmt.Errorf("open the database (TOCSIN_DATABASE): %w", err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	_, _ = fmt.Fprintln(out, "the database is up to date")
	options, err := whereabouts(client.Options{})
	if err != nil {
		return err
	}
	engine, err := dial(options, prometheus.NewRegistry(), slog.Default())
	if err != nil {
		return err
	}
	defer engine.Close()
	if err := registerAttributes(ctx, engine, options.Namespace); err != nil {
		return err
	}
	_, _ = fmt.Fprintln(out, "the search attributes are registered")
	return nil
}

func registerAttributes(ctx context.Context, c client.Client, namespace string) error {
	missing, err := unlisted(ctx, c, namespace)
	if err != nil || len(missing) == 0 {
		return err
	}
	attributes := map[string]enums.IndexedValueType{}
	for _, name := range missing {
		attributes[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: attributes,
	})
	if err != nil {
		return fmt.Errorf("register Temporal's search attributes: %w", err)
	}
	return awaitAttributes(ctx, c, namespace)
}

// attributesWithin is how long Temporal may take to know what was registered.
const attributesWithin = 2 * time.Minute

// awaitAttributes returns when Temporal takes the search attributes. Its
// frontends list new ones at once and refuse them until their caches have
// heard of them: an incident that begins in between could not start.
func awaitAttributes(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, attributesWithin)
	defer cancel()
	for _, name := range workflows.SearchAttributes() {
		if err := awaitAttribute(ctx, c, namespace, name); err != nil {
			return fmt.Errorf("wait for Temporal to take the search attribute %s (repeat tocsin migrate): %w", name, err)
		}
	}
	return nil
}

func awaitAttribute(ctx context.Context, c client.Client, namespace, name string) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: name + " = 'none'"})
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
