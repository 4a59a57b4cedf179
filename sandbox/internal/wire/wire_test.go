package wire_test

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

func TestReadAcceptsOneSmallKnownObject(t *testing.T) {
	tests := []struct {
		name, body string
		status     int
		says       string
	}{
		{"good", `{"name":"a<b"}`, 200, `"a<b"`},
		{"unknown field", `{"age":1}`, 400, "unknown field"},
		{"no JSON", `name`, 400, "send a JSON object"},
		{"nothing", ``, 400, "EOF"},
		{"two objects", `{} {}`, 400, "exactly one"},
		{"huge", `{"name":"` + strings.Repeat("x", wire.MaxBody) + `"}`, 413, "at most"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var in struct{ Name string }
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(tt.body))
			if wire.Read(w, r, &in) {
				wire.Write(w, http.StatusOK, in)
			}
			require.Equal(t, tt.status, w.Code)
			require.Contains(t, w.Body.String(), tt.says)
			if tt.status != http.StatusOK {
				require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
			}
		})
	}
}

func TestBearer(t *testing.T) {
	ok := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	tests := []struct {
		token, header string
		want          int
	}{
		{"", "", 204},
		{"secret", "Bearer secret", 204},
		{"secret", "Bearer guess", 401},
		{"secret", "", 401},
	}
	for _, tt := range tests {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Authorization", tt.header)
		wire.Bearer(tt.token, ok).ServeHTTP(w, r)
		require.Equal(t, tt.want, w.Code)
		require.NotContains(t, w.Body.String(), "secret")
	}
}

func TestWhatCannotBeEncodedIsAnError(t *testing.T) {
	w := httptest.NewRecorder()
	wire.Write(w, http.StatusOK, math.NaN())
	require.Equal(t, http.StatusInternalServerError, w.Code)
}

func TestDone(t *testing.T) {
	for err, want := range map[error]int{nil: 204, errors.New("the disk is full"): 500} {
		w := httptest.NewRecorder()
		wire.Done(w, err)
		require.Equal(t, want, w.Code)
	}
}

func TestSince(t *testing.T) {
	for query, want := range map[string]int{"": 200, "?since=2030-01-31T15:04:05Z": 200, "?since=now": 400} {
		w := httptest.NewRecorder()
		since, ok := wire.Since(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+query, nil))
		require.Equal(t, want, w.Code)
		require.Equal(t, want == 200, ok)
		require.Equal(t, query == "?since=2030-01-31T15:04:05Z", since.Year() == 2030)
	}
}
