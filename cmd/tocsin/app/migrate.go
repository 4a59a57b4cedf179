package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/store"
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
	return nil
}
