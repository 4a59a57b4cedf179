package beat

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what an operator sees of the beats.
type metrics struct{ beats *prometheus.CounterVec }

func newMetrics(registry prometheus.Registerer, last func() float64) *metrics {
	add := promauto.With(registry)
	add.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_watchdog_last_beat_timestamp_seconds",
		Help: "When the watchdog outside was last fed, by whatever process; 0 before this process knows of any.",
	}, last)
	return &metrics{beats: add.NewCounterVec(prometheus.CounterOpts{
		Name: "tocsin_watchdog_beats_total",
		Help: "Beats that this process handed in at its own intake, by what it answered: accepted or refused.",
	}, []string{"outcome"})}
}
