package watchdog

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// metrics are what an operator sees of a watchdog.
type metrics struct{ beats, pages *prometheus.CounterVec }

func newMetrics(registry prometheus.Registerer, w *Watchdog) *metrics {
	add := promauto.With(registry)
	gauge := func(name, help string, value func(State) float64) {
		add.NewGaugeFunc(prometheus.GaugeOpts{Name: "tocsin_outside_" + name, Help: help}, func() float64 {
			w.mu.Lock()
			defer w.mu.Unlock()
			return value(w.state)
		})
	}
	gauge("last_beat_timestamp_seconds", "When the last beat came; 0 when none is known.", func(s State) float64 {
		if s.LastBeat.IsZero() {
			return 0
		}
		return float64(s.LastBeat.Unix())
	})
	gauge("alarm", "1 while beats are missing.", func(s State) float64 {
		if s.Alarm() {
			return 1
		}
		return 0
	})
	return &metrics{
		beats: add.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_outside_beats_total", Help: "Calls at the address of beats: heard, or refused for a wrong secret.",
		}, []string{"outcome"}),
		pages: add.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_outside_pages_total", Help: "Tries to page, by route: accepted or failed.",
		}, []string{"route", "outcome"}),
	}
}
