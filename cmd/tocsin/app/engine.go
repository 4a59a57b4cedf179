package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"

	registry "github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/tocsinhq/tocsin/workflows"
)

// whereabouts returns where Temporal is: as base says or, without a HostPort,
// as its usual environment variables and profiles say.
func whereabouts(base client.Options) (client.Options, error) {
	if base.HostPort == "" {
		loaded, err := envconfig.LoadDefaultClientOptions()
		if err != nil {
			return base, fmt.Errorf("read Temporal's settings (TEMPORAL_ADDRESS, ...): %w", err)
		}
		base = loaded
	}
	base.Namespace = cmp.Or(base.Namespace, client.DefaultNamespace)
	return base, nil
}

// dial sets a connection to Temporal up; it is made when it is first used.
func dial(options client.Options, reg *registry.Registry, logger *slog.Logger) (client.Client, error) {
	exporter, err := prometheus.New(prometheus.WithRegisterer(reg), prometheus.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("export Temporal's metrics: %w", err)
	}
	meter := metric.NewMeterProvider(metric.WithReader(exporter)).Meter("temporal")
	options.MetricsHandler = opentelemetry.NewMetricsHandler(opentelemetry.MetricsHandlerOptions{Meter: meter})
	options.Logger = log.NewStructuredLogger(logger)
	options.ConnectionOptions.DialOptions = append(options.ConnectionOptions.DialOptions, grpc.WithChainUnaryInterceptor(workflows.ReportEager))
	c, err := client.NewLazyClient(options)
	if err != nil {
		return nil, fmt.Errorf("set up Temporal: %w", err)
	}
	return c, nil
}

// unlisted lists the search attributes that are not registered. A process that
// finds one missing goes without them all: an incident that sets one would
// never start.
func unlisted(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, fmt.Errorf("list Temporal's search attributes: %w", err)
	}
	return slices.DeleteFunc(workflows.SearchAttributes(), func(name string) bool {
		_, ok := list.GetCustomAttributes()[name]
		return ok
	}), nil
}
