package bench_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
)

func TestFigures(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for n := range hundred {
		hundred[n] = time.Duration(n+1) * time.Millisecond
	}
	rand.Shuffle(len(hundred), func(a, b int) { hundred[a], hundred[b] = hundred[b], hundred[a] })
	for name, c := range map[string]struct {
		list []time.Duration
		want bench.Figures
	}{
		"nothing":    {nil, bench.Figures{}},
		"one":        {[]time.Duration{time.Second}, bench.Figures{N: 1, P50: 1000, P95: 1000, P99: 1000, Last: 1000}},
		"two":        {[]time.Duration{2 * time.Millisecond, time.Millisecond}, bench.Figures{N: 2, P50: 1, P95: 2, P99: 2, Last: 2}},
		"1 to 100":   {hundred, bench.Figures{N: 100, P50: 50, P95: 95, P99: 99, Last: 100}},
		"1 to 99":    {hundredBut(hundred, 100*time.Millisecond), bench.Figures{N: 99, P50: 50, P95: 95, P99: 99, Last: 99}},
		"below a ms": {[]time.Duration{250 * time.Microsecond}, bench.Figures{N: 1, P50: .25, P95: .25, P99: .25, Last: .25}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, bench.Of(c.list)) })
	}
}

func hundredBut(list []time.Duration, without time.Duration) []time.Duration {
	var out []time.Duration
	for _, d := range list {
		if d != without {
			out = append(out, d)
		}
	}
	return out
}
