package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tocsinhq/tocsin/api/gen"
)

// requestMetrics counts requests by operation, never by address: numbers and
// tokens must not become labels.
type requestMetrics struct {
	seconds *prometheus.HistogramVec
	streams prometheus.Gauge
}

func newRequestMetrics(r *prometheus.Registry) (*requestMetrics, error) {
	m := &requestMetrics{
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tocsin_api_request_seconds",
			Help:    "How long requests took, by operation and status.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation", "status"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tocsin_api_streams",
			Help: "How many live streams are open.",
		}),
	}
	for _, c := range []prometheus.Collector{m.seconds, m.streams} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("register the metrics of the API: %w", err)
		}
	}
	return m, nil
}

// observe answers errors here already, so that their status is counted.
func (m *requestMetrics) observe(operation string) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			begun := time.Now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			m.seconds.WithLabelValues(operation, strconv.Itoa(c.Response().Status)).Observe(time.Since(begun).Seconds())
			return nil
		}
	}
}

// GetMetrics shows the registry to a scraper.
func (s *server) GetMetrics(ctx context.Context, _ gen.GetMetricsRequestObject) (gen.GetMetricsResponseObject, error) {
	return metricsResponse{s.Metrics, ctx}, nil
}

type metricsResponse struct {
	registry *prometheus.Registry
	ctx      context.Context
}

// VisitGetMetricsResponse writes the metrics.
func (m metricsResponse) VisitGetMetricsResponse(w http.ResponseWriter) error {
	r, err := http.NewRequestWithContext(m.ctx, http.MethodGet, "/metrics", nil)
	if err != nil {
		return err
	}
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	return nil
}
