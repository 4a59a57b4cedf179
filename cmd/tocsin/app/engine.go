package app

import (
	"context"
	"fmt"
	"log/slog"

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

// dial connects to Temporal as its usual environment variables and profiles
// say, unless base says where.
func dial(base client.Options, reg *registry.Registry, logger *slog.Logger) (client.Client, error) {
	options := base
	if options.HostPort == "" {
		loaded, err := envconfig.LoadDefaultClientOptions()
		if err != nil {
			return nil, fmt.Errorf("read Temporal's settings (TEMPORAL_ADDRESS, ...): %w", err)
		}
		options = loaded
	}
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

// searchable reports whether every search attribute is registered. A process
// that finds one missing goes without them all: an incident that sets one
// would never start.
func searchable(ctx context.Context, c client.Client, namespace string) (bool, error) {
	list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return false, fmt.Errorf("list Temporal's search attributes: %w", err)
	}
	for _, name := range workflows.SearchAttributes() {
		if _, ok := list.GetCustomAttributes()[name]; !ok {
			return false, nil
		}
	}
	return true, nil
}
