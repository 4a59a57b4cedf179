package api

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/coverage"
	"github.com/tocsinhq/tocsin/incident"
)

// GetCoverage says when an urgent page would reach nobody.
func (s *server) GetCoverage(ctx context.Context, r gen.GetCoverageRequestObject) (gen.GetCoverageResponseObject, error) {
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	report := coverage.Check(c, coverage.Question{
		From: s.Now(), Span: time.Duration(r.Params.Days) * 24 * time.Hour, Channels: s.Channels,
	})
	if id := r.Params.Service; id != "" {
		one, ok := report.Service(id)
		if !ok {
			return nil, incident.Errorf(incident.NotFound, "there is no such service in the catalog")
		}
		report.Services = []coverage.Service{one}
	}
	return gen.GetCoverage200JSONResponse(report), nil
}

// watchCoverage shows coverage to a scraper.
func (s *server) watchCoverage() error {
	if err := s.Metrics.Register(newCoverageMetrics(s.Config)); err != nil {
		return fmt.Errorf("register the metrics of coverage: %w", err)
	}
	return nil
}

// coverageMetrics looks ahead when it is scraped.
type coverageMetrics struct {
	config        Config
	minutes, next *prometheus.Desc

	mu      sync.Mutex
	of      *catalog.Catalog
	checked time.Time
	report  coverage.Report
}

// coverageFresh is how old a report may be that a scraper is shown, of the same
// catalog.
const coverageFresh = time.Minute

func newCoverageMetrics(c Config) *coverageMetrics {
	return &coverageMetrics{
		config: c,
		minutes: prometheus.NewDesc("tocsin_coverage_gap_minutes",
			"For how much of the next 14 days a page would reach nobody but the last resort.", []string{"service"}, nil),
		next: prometheus.NewDesc("tocsin_coverage_next_gap_seconds",
			"How far away the next time is at which a page would reach nobody but the last resort; +Inf when none is in sight.", []string{"service"}, nil),
	}
}

// Describe names the metrics.
func (m *coverageMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- m.minutes
	out <- m.next
}

// Collect shows them, or none while there is no catalog.
func (m *coverageMetrics) Collect(out chan<- prometheus.Metric) {
	c, err := m.config.Catalogs.Current(context.Background())
	if err != nil {
		return
	}
	now := m.config.Now()
	for _, s := range m.check(c, now).Services {
		next := math.Inf(1)
		if !s.Next.IsZero() {
			next = max(s.Next.Sub(now).Seconds(), 0)
		}
		out <- prometheus.MustNewConstMetric(m.minutes, prometheus.GaugeValue, float64(s.Minutes), s.ID)
		out <- prometheus.MustNewConstMetric(m.next, prometheus.GaugeValue, next, s.ID)
	}
}

func (m *coverageMetrics) check(c *catalog.Catalog, now time.Time) coverage.Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of != c || now.Sub(m.checked) >= coverageFresh {
		m.of, m.checked = c, now
		m.report = coverage.Check(c, coverage.Question{From: now, Channels: m.config.Channels})
	}
	return m.report
}
