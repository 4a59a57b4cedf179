package intake

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what an operator sees of the intake.
type metrics struct {
	deliveries *prometheus.CounterVec
	alerts     *prometheus.CounterVec
	claims     *prometheus.CounterVec
	routes     *prometheus.CounterVec
	starts     *prometheus.CounterVec
	signals    prometheus.Counter
	away       prometheus.Counter
	gone       prometheus.Counter
	renumbered prometheus.Counter
	resent     prometheus.Counter
	take       prometheus.Histogram
	claim      prometheus.Histogram
	engine     *prometheus.HistogramVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	add := promauto.With(registry)
	counter := func(name, help string) prometheus.Counter {
		return add.NewCounter(prometheus.CounterOpts{Name: "tocsin_intake_" + name, Help: help})
	}
	counters := func(name, help, label string) *prometheus.CounterVec {
		return add.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_intake_" + name, Help: help}, []string{label})
	}
	// From half a millisecond to eight seconds.
	buckets := prometheus.ExponentialBuckets(0.0005, 2, 15)
	return &metrics{
		deliveries: counters("deliveries_total", "Deliveries of alerts, by what became of them.", "outcome"),
		alerts:     counters("alerts_total", "Alerts, by what became of them.", "fate"),
		claims:     counters("claims_total", "Claims of a dedup key, by their result.", "result"),
		routes:     counters("routes_unsure_total", "Alerts about which the condition of a route could not say.", "route"),
		starts:     counters("starts_total", "Incidents started, by whether the first task came with the answer.", "eager"),
		signals:    counter("signals_total", "Signals to incidents that were open."),
		away:       counter("database_away_starts_total", "Incidents started without the store."),
		gone:       counter("workflows_gone_total", "Incidents that held a key and whose workflow was gone."),
		renumbered: counter("renumbered_total", "Numbers given up because another incident had them."),
		resent:     counter("resent_total", "Rows sent again because nobody had marked them as accepted."),
		take: add.NewHistogram(prometheus.HistogramOpts{
			Name: "tocsin_intake_take_seconds", Help: "From a parsed delivery to its answer.", Buckets: buckets,
		}),
		claim: add.NewHistogram(prometheus.HistogramOpts{
			Name: "tocsin_intake_claim_seconds", Help: "One claim transaction.", Buckets: buckets,
		}),
		engine: add.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tocsin_intake_engine_seconds", Help: "One call to Temporal.", Buckets: buckets,
		}, []string{"call"}),
	}
}

// What becomes of an alert.
const (
	fateSent     = "sent"
	fateRepeat   = "repeat"
	fateNotPaged = "not-paged"
	fateSilenced = "silenced"
)

func (m *metrics) started(eager bool) { m.starts.WithLabelValues(strconv.FormatBool(eager)).Inc() }

func (m *metrics) fate(name string, alerts int) { m.alerts.WithLabelValues(name).Add(float64(alerts)) }

func (m *metrics) unsure(routes []string) {
	for _, name := range routes {
		m.routes.WithLabelValues(name).Inc()
	}
}

func (m *metrics) called(call string, begun time.Time) {
	m.engine.WithLabelValues(call).Observe(time.Since(begun).Seconds())
}
