// Package wiretest serves a part of the sandbox to its test over a real
// socket, speaks to it, and watches what is said.
package wiretest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Part is what Serve serves.
type Part interface {
	http.Handler
	Close()
}

// Serve serves a part until the test ends, closes it then, and returns its
// address without a final slash.
func Serve(t testing.TB, part Part) string {
	t.Helper()
	server := httptest.NewServer(part)
	t.Cleanup(server.Close)
	t.Cleanup(part.Close)
	return server.URL
}

// Option edits a request before it is sent.
type Option func(*http.Request)

// Headers sets headers, each a name and its value.
func Headers(pairs ...string) Option {
	return func(r *http.Request) {
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
	}
}

// Form says that the body is a form.
func Form(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }

// Call sends a request, and returns the status and the body of its answer.
func Call(t testing.TB, method, address, body string, options ...Option) (int, string) {
	t.Helper()
	status, answer, err := Try(t, method, address, body, options...)
	require.NoError(t, err)
	return status, answer
}

// Try is a Call that may get no answer, of which it returns the error.
func Try(t testing.TB, method, address, body string, options ...Option) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	for _, o := range options {
		o(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}
