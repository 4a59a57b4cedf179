package watchdog_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
)

const secret = "a-secret-of-the-tests-0123"

// serve serves a watchdog that nobody runs, over a real socket.
func serve(t *testing.T) string {
	t.Helper()
	registry := prometheus.NewRegistry()
	c := watchdog.Config{Secret: secret, After: time.Hour, Again: time.Hour, State: filepath.Join(t.TempDir(), "state.json")}
	w := watchdog.New(c, nil, slog.New(slog.DiscardHandler), registry)
	server := httptest.NewUnstartedServer(nil)
	server.Config = watchdog.NewServer(w.Handler(registry))
	server.Start()
	t.Cleanup(server.Close)
	return server.URL
}

func call(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(answer)
}

func TestOnlyTheSecretAddressIsABeat(t *testing.T) {
	url := serve(t)
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{http.MethodGet, "/beat/" + secret, http.StatusOK},
		{http.MethodPost, "/beat/" + secret, http.StatusOK},
		{http.MethodHead, "/beat/" + secret, http.StatusNotFound},
		{http.MethodPut, "/beat/" + secret, http.StatusMethodNotAllowed},
		{http.MethodGet, "/beat/", http.StatusNotFound},
		{http.MethodGet, "/beat/" + secret + "x", http.StatusNotFound},
		{http.MethodGet, "/beat/" + secret + "/x", http.StatusNotFound},
		{http.MethodPost, "/beat/" + strings.ToUpper(secret), http.StatusNotFound},
		{http.MethodGet, "/", http.StatusNotFound},
	} {
		status, answer := call(t, test.method, url+test.path, "")
		require.Equal(t, test.status, status, "%s %s", test.method, test.path)
		require.NotContains(t, answer, secret)
	}
	_, metrics := call(t, http.MethodGet, url+"/metrics", "")
	require.Contains(t, metrics, `tocsin_outside_beats_total{outcome="heard"} 2`)
	require.Contains(t, metrics, `tocsin_outside_beats_total{outcome="refused"} 3`)
	require.Contains(t, metrics, "tocsin_outside_alarm 0")
	require.NotContains(t, metrics, secret)
	status, _ := call(t, http.MethodGet, url+"/healthz", "")
	require.Equal(t, http.StatusOK, status)
}

func TestAFloodOfBeatsIsBeats(t *testing.T) {
	url := serve(t)
	large := strings.Repeat("x", 1<<20)
	var crowd sync.WaitGroup
	for range 20 {
		crowd.Go(func() {
			for range 20 {
				resp, err := http.Get(url + "/beat/" + secret)
				if err == nil {
					_ = resp.Body.Close()
				}
			}
		})
	}
	crowd.Wait()
	_, metrics := call(t, http.MethodGet, url+"/metrics", "")
	require.Contains(t, metrics, `tocsin_outside_beats_total{outcome="heard"} 400`)
	status, _ := call(t, http.MethodPost, url+"/beat/"+secret, large)
	require.Equal(t, http.StatusOK, status, "the body is nobody's business")
}
