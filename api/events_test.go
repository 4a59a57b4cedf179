package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/incident"
)

type sse struct {
	id, name string
	data     map[string]any
}

// watch opens a stream and returns what comes, and how to break it off.
func (w *world) watch(path, last string) (<-chan sse, func()) {
	w.t.Helper()
	ctx, stop := context.WithCancel(w.t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, nil)
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.tokens["alice"])
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	response, err := w.client.Do(r)
	require.NoError(w.t, err)
	require.Equal(w.t, 200, response.StatusCode)
	require.Equal(w.t, "text/event-stream", response.Header.Get("Content-Type"))
	out := make(chan sse, 100)
	go func() {
		defer close(out)
		defer response.Body.Close()
		var e sse
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				_ = json.Unmarshal([]byte(value), &e.data)
			case "":
				if e.name != "" {
					out <- e
				}
				e = sse{}
			}
		}
	}()
	w.t.Cleanup(stop)
	return out, stop
}

func next(t *testing.T, events <-chan sse) sse {
	t.Helper()
	select {
	case e, ok := <-events:
		require.True(t, ok, "the stream ended")
		return e
	case <-time.After(10 * time.Second):
		require.Fail(t, "nothing came")
	}
	return sse{}
}

func TestOneIncidentLive(t *testing.T) {
	w := newWorld(t)
	events, stop := w.watch("/v1/incidents/INC-1/events", "")
	changed := sample("INC-1")
	changed.Phase, changed.Revision = incident.Triaging, 2
	w.store.Put(changed, entries(4, 5)...)
	for _, want := range []string{"4", "5"} {
		e := next(t, events)
		require.Equal(t, "entry", e.name)
		require.Equal(t, want, fmt.Sprint(e.data["entry"].(map[string]any)["sequence"]))
		require.Equal(t, "INC-1", e.data["incident"])
	}
	last := next(t, events)
	require.Equal(t, "incident", last.name)
	require.Equal(t, "triaging", last.data["phase"])
	require.NotEmpty(t, last.id)
	stop()

	w.store.Put(changed, entries(6, 6)...)
	again, _ := w.watch("/v1/incidents/INC-1/events", last.id)
	e := next(t, again)
	require.Equal(t, "6", fmt.Sprint(e.data["entry"].(map[string]any)["sequence"]), "it goes on where it broke")
	w.do("alice", "GET", "/v1/incidents/INC-42/events", "").problem(404, "not-found")
}

func TestAllIncidentsLive(t *testing.T) {
	w := newWorld(t)
	w.clock.Move(time.Minute) // what is on the timeline was before
	events, stop := w.watch("/v1/events", "")
	w.store.Put(sample("INC-1"))
	first := next(t, events)
	require.Equal(t, "incident", first.name)
	require.Equal(t, "INC-1", first.data["number"], "old entries are not repeated")
	require.NotEmpty(t, first.id)
	fresh := entries(1, 1)
	fresh[0].Recorded = w.clock.Now()
	w.store.Put(sample("INC-2"), fresh...)
	require.Equal(t, "entry", next(t, events).name)
	require.Equal(t, "INC-2", next(t, events).data["number"])
	stop()

	missed := entries(4, 4)
	missed[0].Recorded = w.clock.Now()
	w.store.Put(sample("INC-1"), missed...)
	again, _ := w.watch("/v1/events", first.id)
	seen := map[string]bool{}
	for range 4 {
		e := next(t, again)
		if e.name == "entry" {
			seen[e.data["incident"].(string)] = true
		}
	}
	require.Equal(t, map[string]bool{"INC-1": true, "INC-2": true}, seen)
}

func TestStreamsOutliveTheStore(t *testing.T) {
	w := newWorld(t)
	events, _ := w.watch("/v1/incidents/INC-1/events", "")
	w.store.Fail(errDown)
	require.Eventually(t, func() bool { return strings.Contains(w.log.String(), "live stream") }, 10*time.Second, time.Millisecond)
	w.store.Fail(nil)
	w.store.Put(sample("INC-1"), entries(4, 4)...)
	require.Equal(t, "entry", next(t, events).name)
}

func TestStreamsOutliveTheTimeOutsOfTheServer(t *testing.T) {
	w := newWorld(t)
	handler, err := api.New(w.config)
	require.NoError(t, err)
	server := api.NewHTTPServer(handler)
	server.ReadTimeout, server.WriteTimeout = 50*time.Millisecond, 50*time.Millisecond
	listener := listen(t)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	w.url = "http://" + listener.Addr().String()
	events, _ := w.watch("/v1/incidents/INC-1/events", "")
	select {
	case <-events:
		require.Fail(t, "the stream ended")
	case <-time.After(300 * time.Millisecond):
	}
	w.store.Put(sample("INC-1"), entries(4, 4)...)
	require.Equal(t, "entry", next(t, events).name)
}

func TestRevokedTokenEndsItsStreams(t *testing.T) {
	w := newWorld(t)
	events, _ := w.watch("/v1/events", "")
	w.do("grace", "DELETE", "/v1/tokens/token-of-alice", "").want(204)
	select {
	case _, open := <-events:
		require.False(t, open)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the stream goes on")
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	w := newWorld(t)
	handler, err := api.New(w.config)
	require.NoError(t, err)
	server := api.NewHTTPServer(handler)
	listener := listen(t)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	w.url = "http://" + listener.Addr().String()
	events, _ := w.watch("/v1/events", "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, server.Shutdown(ctx))
	require.ErrorIs(t, <-done, http.ErrServerClosed)
	_, open := <-events
	require.False(t, open)
}
