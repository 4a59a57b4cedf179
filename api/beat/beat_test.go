package beat_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/beat"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/api/intake/intaketest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

type catalogs struct{}

func (catalogs) Current(context.Context) (*catalog.Catalog, error) { return &catalog.Catalog{}, nil }

// world is a process that takes alerts and beats, over memory.
type world struct {
	engine   *intaketest.Engine
	store    *intaketest.Store
	registry *prometheus.Registry
	log      bytes.Buffer

	mu        sync.Mutex
	fed       time.Time
	forgotten []string
}

func (w *world) Fed(context.Context) (time.Time, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fed, nil
}

func (w *world) Forget(_ context.Context, number string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgotten = append(w.forgotten, number)
	return incident.Errorf(incident.NotFound, "there is none")
}

// start lets a process beat every second until the test ends.
func (w *world) start(t *testing.T) string {
	t.Helper()
	w.registry = prometheus.NewRegistry()
	in := intake.New(intake.Config{Store: w.store, Engine: w.engine, Catalogs: catalogs{}})
	keeper := beat.New(beat.Config{
		Intake: in, Fed: w.Fed, Forget: w.Forget, Every: time.Second, Metrics: w.registry,
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	server := httptest.NewServer(keeper.Guard(http.NotFoundHandler()))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { keeper.Run(ctx, strings.TrimPrefix(server.URL, "http://")) })
	t.Cleanup(func() {
		stop()
		running.Wait()
		server.Close()
		require.NoError(t, in.Close(context.Background()))
	})
	return server.URL
}

// over lists the beats that have ended.
func (w *world) over() []string {
	var out []string
	for _, number := range w.engine.Numbers() {
		if i := w.engine.Workflow(number).Incident; i.Phase == incident.Transient {
			out = append(out, number)
		}
	}
	return out
}

// metric returns the value of a metric, of the one with that outcome where
// there are several.
func (w *world) metric(t *testing.T, name, outcome string) float64 {
	t.Helper()
	families, err := w.registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (outcome == "" || m.GetLabel()[0].GetValue() == outcome) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func newWorld() *world {
	return &world{engine: intaketest.NewEngine(), store: intaketest.NewStore()}
}

func TestBeatsComeAndEnd(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.start(t)
	other := &world{engine: w.engine, store: w.store}
	other.start(t)
	require.Eventually(t, func() bool { return len(w.over()) >= 2 }, 10*time.Second, 20*time.Millisecond)
	numbers := w.engine.Numbers()
	first, ok := incident.BeatTime(numbers[0])
	require.True(t, ok)
	for n, number := range numbers {
		at, ok := incident.BeatTime(number)
		require.True(t, ok, "no number of people is used up")
		require.Equal(t, first.Add(time.Duration(n)*time.Second), at, "one a second, whichever process was first")
		require.Equal(t, catalog.Watchdog, w.engine.Workflow(number).Incident.Service)
	}
	require.Len(t, w.engine.Starts(), len(numbers))

	w.mu.Lock()
	defer w.mu.Unlock()
	w.fed = time.Unix(1_800_000_000, 0)
	require.NotEmpty(t, w.forgotten)
	require.Equal(t, incident.BeatNumber(first.Add(-time.Hour)), w.forgotten[0])
}

func TestTheLastBeatIsAMetric(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.fed = time.Unix(1_800_000_000, 0)
	w.start(t)
	require.Eventually(t, func() bool {
		return w.metric(t, "tocsin_watchdog_last_beat_timestamp_seconds", "") == 1_800_000_000
	}, 10*time.Second, 20*time.Millisecond)
}

func TestAnIntakeThatRefusesIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.engine.SetAway(true)
	w.start(t)
	refused := func() float64 { return w.metric(t, "tocsin_watchdog_beats_total", "refused") }
	require.Eventually(t, func() bool { return refused() > 1 }, 10*time.Second, 20*time.Millisecond)
	w.engine.SetAway(false)
	require.Eventually(t, func() bool { return len(w.over()) > 0 }, 10*time.Second, 20*time.Millisecond)
}

func TestNobodyElseCanBeat(t *testing.T) {
	t.Parallel()
	w := newWorld()
	url := w.start(t)
	for _, key := range []string{"", "guessed"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/-/beat", strings.NewReader(`{}`))
		require.NoError(t, err)
		req.Header.Set("X-Tocsin-Beat", key)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusNotFound, resp.StatusCode, "as if there were no such door")
	}
}

func TestProbe(t *testing.T) {
	t.Parallel()
	fed, broken := time.Time{}, error(nil)
	k := beat.New(beat.Config{Every: 20 * time.Millisecond, Fed: func(context.Context) (time.Time, error) { return fed, broken }})
	require.NoError(t, k.Probe(t.Context()), "a process that has just started")
	require.Eventually(t, func() bool { return k.Probe(t.Context()) != nil }, 5*time.Second, time.Millisecond)
	fed = time.Now().Add(time.Minute)
	require.NoError(t, k.Probe(t.Context()))
	fed, broken = time.Time{}, errors.New("the store is away")
	require.NoError(t, k.Probe(t.Context()), "what was known stays known")
}
