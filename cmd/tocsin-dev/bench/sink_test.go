package bench_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/ntfy"
)

func TestCount(t *testing.T) {
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	sent := map[string]time.Time{"a": noon, "b": noon.Add(time.Second), "c": noon}
	page := func(alert, key string, after time.Duration) bench.Arrival {
		return bench.Arrival{Alert: alert, Key: key, At: noon.Add(after)}
	}
	for name, c := range map[string]struct {
		pages []bench.Arrival
		want  bench.Tally
		twice int
	}{
		"all once": {
			[]bench.Arrival{page("c", "3", 2*time.Second), page("a", "1", time.Second), page("b", "2", 2*time.Second)},
			bench.Tally{Took: []time.Duration{time.Second, time.Second, 2 * time.Second}},
			0,
		},
		"nothing came": {nil, bench.Tally{Lost: 3}, 0},
		"one twice by one key, one lost": {
			[]bench.Arrival{page("a", "1", 3*time.Second), page("a", "1", time.Second), page("b", "2", time.Second)},
			bench.Tally{Took: []time.Duration{0, time.Second}, Lost: 1, Doubled: 1},
			1,
		},
		"one three times by different keys": {
			[]bench.Arrival{page("a", "1", 0), page("a", "2", 0), page("a", "3", 0), page("b", "4", time.Second), page("c", "5", 0)},
			bench.Tally{Took: []time.Duration{0, 0, 0}, Doubled: 2},
			2,
		},
		"what was not sent counts for nothing": {[]bench.Arrival{page("warm-up", "1", 0)}, bench.Tally{Lost: 3}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			got := bench.Count(sent, c.pages)
			require.ElementsMatch(t, c.want.Took, got.Took)
			require.Equal(t, []int{c.want.Lost, c.want.Doubled}, []int{got.Lost, got.Doubled})
			require.Len(t, bench.Twice(c.pages), c.twice)
		})
	}
}

func newSink(t *testing.T) *bench.Sink {
	t.Helper()
	sink, err := bench.NewSink(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = sink.Close() })
	return sink
}

func TestSinkTakesTocsinsPushes(t *testing.T) {
	sink := newSink(t)
	channel, err := ntfy.New(ntfy.Config{URL: sink.URL()})
	require.NoError(t, err)
	for n := range 3 {
		begun := time.Now()
		require.NoError(t, channel.Send(t.Context(), "alice", incident.Message{
			Key: fmt.Sprintf("INC-%d/page", n), Title: fmt.Sprintf("INC-%d bench-burst-%06d payments fail", n, n),
		}))
		pages := sink.Pages("alice")
		require.Len(t, pages, n+1)
		require.Equal(t, fmt.Sprintf("bench-burst-%06d", n), pages[n].Alert)
		require.Equal(t, fmt.Sprintf("INC-%d/page", n), pages[n].Key)
		require.WithinRange(t, pages[n].At, begun, time.Now())
	}
	require.Empty(t, sink.Pages("bob"))
}

func TestSinkAwaits(t *testing.T) {
	sink := newSink(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		sink.Await(t.Context(), "alice", 2, time.Minute)
	}()
	for _, text := range []string{"bench-a-000001", "bench-a-000001", "no mark", "bench-a-000002"} {
		select {
		case <-done:
			require.Fail(t, "two pages about one alert are not two alerts")
		default:
		}
		resp, err := http.Post(sink.URL(), "application/json", strings.NewReader(`{"topic":"alice","message":"`+text+`"}`)) //nolint:gosec // our own
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
	}
	<-done
	sink.Await(t.Context(), "alice", 3, time.Millisecond) // nothing more comes
}

func TestSinkRefusesWhatIsNoPage(t *testing.T) {
	sink := newSink(t)
	resp, err := http.Post(sink.URL(), "text/plain", strings.NewReader("hello")) //nolint:gosec // our own
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}
