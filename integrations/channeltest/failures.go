package channeltest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// Call makes one call of an integration whose requests go to base.
type Call func(ctx context.Context, t *testing.T, base string) error

// Failures checks what a call makes of bad answers and of none.
func Failures(t *testing.T, owesAnswer bool, call Call) {
	t.Helper()
	Repairable(t, owesAnswer, false, call)
}

// Repairable checks what Failures does of a call that may be worth trying again
// after its sign-in was refused.
func Repairable(t *testing.T, owesAnswer, repairable bool, call Call) {
	t.Helper()
	t.Run("says which answers may be tried again", func(t *testing.T) { statuses(t, repairable, call) })
	t.Run("keeps how long it was asked to wait", func(t *testing.T) { retryAfter(t, call) })
	t.Run("follows no redirect", func(t *testing.T) { redirects(t, call) })
	t.Run("takes silence for an outage", func(t *testing.T) { silence(t, call) })
	t.Run("ends when it is cancelled", func(t *testing.T) { cancelled(t, call) })
	if owesAnswer {
		t.Run("takes what confirms nothing for an outage", func(t *testing.T) { noAnswers(t, call) })
	}
}

func statuses(t *testing.T, repairable bool, call Call) {
	for _, status := range []int{400, 401, 403, 404, 410, 408, 429, 500, 502, 503, 504} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			err := call(t.Context(), t, answering(t, status, nil, `{"error":"no"}`))
			require.Error(t, err)
			signIn := status == 401 || status == 403
			if signIn && repairable {
				require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
			} else {
				require.Contains(t, kindsOf(status), incident.KindOf(err), "%v", err)
			}
			if signIn {
				require.Contains(t, err.Error(), "check ", "it does not say what to look at")
			}
		})
	}
}

// kindsOf are the kinds that a status may be. A product that is asked for one
// thing may say that there is none.
func kindsOf(status int) []incident.Kind {
	switch {
	case status == 408 || status == 429 || status >= 500:
		return []incident.Kind{incident.Unavailable}
	case status == 404:
		return []incident.Kind{incident.Permanent, incident.NotFound}
	}
	return []incident.Kind{incident.Permanent}
}

func retryAfter(t *testing.T, call Call) {
	err := call(t.Context(), t, answering(t, 429, map[string]string{"Retry-After": "17"}, ""))
	e, ok := errors.AsType[*incident.Error](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, 17*time.Second, e.RetryAfter)
}

func redirects(t *testing.T, call Call) {
	followed := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer target.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		err := call(t.Context(), t, answering(t, status, map[string]string{"Location": target.URL}, ""))
		require.Error(t, err)
		require.Equal(t, incident.Permanent, incident.KindOf(err), "%d: %v", status, err)
		NoSecret(t, err, target.URL)
	}
	require.False(t, followed)
}

// noAnswers are successes of something else that stands in the product's place.
func noAnswers(t *testing.T, call Call) {
	for name, answer := range map[string]struct{ kind, body string }{
		"HTML":          {"text/html; charset=utf-8", "<html><title>Sign in</title>"},
		"plain text":    {"text/plain", "Sign in"},
		"no JSON":       {"application/json", `{"Sign in`},
		"another shape": {"application/json", `["Sign in"]`},
		"nothing":       {"application/json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := call(t.Context(), t, answering(t, 200, map[string]string{"Content-Type": answer.kind}, answer.body))
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), "Sign in")
		})
	}
	half := answering(t, 200, map[string]string{"Content-Length": "100"}, `{"Sign in":`)
	require.Equal(t, incident.Unavailable, incident.KindOf(call(t.Context(), t, half)), "half an answer")
}

func silence(t *testing.T, call Call) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	err := call(t.Context(), t, closed.URL)
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "refused: %v", err)

	dropping := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic(http.ErrAbortHandler)
	}))
	defer dropping.Close()
	err = call(t.Context(), t, dropping.URL)
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "dropped: %v", err)
}

func cancelled(t *testing.T, call Call) {
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel()
		<-gone
	}))
	defer server.Close()
	defer close(gone)
	done := make(chan error, 1)
	go func() { done <- call(ctx, t, server.URL) }()
	<-ctx.Done()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
		require.NotEqual(t, incident.Permanent, incident.KindOf(err))
	case <-time.After(time.Second):
		require.Fail(t, "the call did not end within a second of being cancelled")
	}
}

// answering serves one answer to everything and returns where.
func answering(t *testing.T, status int, header map[string]string, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}
