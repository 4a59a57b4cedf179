package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// busy is a server that is not ready for a while.
type busy struct {
	mu     sync.Mutex
	left   int
	header string
	keys   []string
	bodies []string
}

func (b *busy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	b.keys, b.bodies = append(b.keys, r.Header.Get("Idempotency-Key")), append(b.bodies, string(body))
	if b.left--; b.left < 0 {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"number":"INC-1","phase":"triaging","revision":1,"text":"done"}`)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	if b.header != "" {
		w.Header().Set("Retry-After", b.header)
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"type":"urn:tocsin:problem:unavailable","title":"t","status":503,"detail":"repeat it with the same Idempotency-Key","request_id":"r"}`)
}

// serve starts a server that is busy for the first requests.
func serve(t *testing.T, left int, retryAfter string) *busy {
	t.Helper()
	b := &busy{left: left, header: retryAfter}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	clearEnvironment(t)
	t.Setenv("TOCSIN_URL", server.URL)
	t.Setenv("TOCSIN_TOKEN", "toc_x")
	return b
}

func TestTriesAgainWithTheSameKey(t *testing.T) {
	b := serve(t, 2, "0")
	got := tocsin(t, "incident", "note", "1", "--text", "t")
	require.Equal(t, "INC-1: done (triaging)\n", got.ok())
	require.Equal(t, "tocsin: the server is not ready; trying again in 0 s (2 of 3)\ntocsin: the server is not ready; trying again in 0 s (3 of 3)\n", got.err)
	require.Len(t, b.keys, 3)
	for n := range b.keys {
		require.Equal(t, b.keys[0], b.keys[n])
		require.JSONEq(t, `{"text":"t"}`, b.bodies[n], "the body is sent whole each time")
	}
	require.NotEmpty(t, b.keys[0])
}

func TestGivesUpAndNamesTheKey(t *testing.T) {
	b := serve(t, 100, "0")
	got := tocsin(t, "incident", "ack", "1")
	require.Equal(t, 1, got.code)
	require.Len(t, b.keys, 3)
	lines := strings.Split(strings.TrimSpace(got.err), "\n")
	require.Equal(t, "tocsin: repeat it with the same Idempotency-Key [request r], that is with --key "+b.keys[0], lines[len(lines)-1])
}

func TestWaitsOnlyWhenAsked(t *testing.T) {
	for name, after := range map[string]string{"no header": "", "a date": "Sun, 01 Mar 2026 02:00:00 GMT", "nonsense": "-1"} {
		t.Run(name, func(t *testing.T) {
			b := serve(t, 1, after)
			require.Equal(t, 1, tocsin(t, "incident", "ack", "1").code)
			require.Len(t, b.keys, 1)
		})
	}
}

// A token made twice would be one too many: such a request has no key.
func TestNeverRepeatsWhatHasNoKey(t *testing.T) {
	b := serve(t, 1, "0")
	require.Equal(t, 1, tocsin(t, "token", "create", "--person", "bob", "--scope", "read").code)
	require.Equal(t, []string{""}, b.keys)
}

func TestReadsAreRepeated(t *testing.T) {
	b := serve(t, 1, "0")
	tocsin(t, "incident", "show", "1", "--json").ok()
	require.Len(t, b.keys, 2)
}
