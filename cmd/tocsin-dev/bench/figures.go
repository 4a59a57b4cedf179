package bench

import (
	"slices"
	"time"
)

// Figures are the percentiles of a list of durations, in milliseconds.
type Figures struct {
	N    int     `json:"n"`
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	Last float64 `json:"last_ms"`
}

// Of returns the figures of a list; each percentile is the smallest value that
// so many of the list do not exceed. An empty list has zeroes.
func Of(list []time.Duration) Figures {
	if len(list) == 0 {
		return Figures{}
	}
	sorted := slices.Sorted(slices.Values(list))
	rank := func(percent int) float64 {
		return ms(sorted[max((len(sorted)*percent+99)/100, 1)-1])
	}
	return Figures{N: len(sorted), P50: rank(50), P95: rank(95), P99: rank(99), Last: ms(sorted[len(sorted)-1])}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
