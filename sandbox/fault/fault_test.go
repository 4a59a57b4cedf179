package fault_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
)

// shop is a part of the sandbox with one operation, and a count of the work
// that it really did.
type shop struct {
	*httptest.Server
	faults *fault.Injector
	sold   atomic.Int64
}

func newShop(t *testing.T) *shop {
	s := &shop{faults: fault.New("sell", "refund")}
	mux := http.NewServeMux()
	mux.Handle("/_faults", s.faults.Handler())
	mux.Handle("POST /sell", s.faults.Wrap("sell", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.sold.Add(1)
		w.Header().Set("X-Till", "3")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "sold")
	})))
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	t.Cleanup(s.faults.Clear)
	return s
}

func (s *shop) call(ctx context.Context, method, path, body string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp, string(answer), err
}

func (s *shop) sell(t *testing.T) (*http.Response, string) {
	resp, body, err := s.call(t.Context(), http.MethodPost, "/sell", "")
	require.NoError(t, err)
	return resp, body
}

func TestFaultsAnswer(t *testing.T) {
	tests := []struct {
		name    string
		fault   fault.Fault
		status  int
		header  [2]string
		body    string
		sold    int64
		dropped bool
	}{
		{name: "status", fault: fault.Status(503), status: 503, body: "told to answer 503"},
		{name: "status after the work", fault: fault.StatusAfter(504), status: 504, body: "504", sold: 1},
		{name: "html with 200", fault: fault.HTML(200), status: 200, header: [2]string{"Content-Type", "text/html; charset=utf-8"}, body: "Sign in"},
		{name: "rate limit", fault: fault.RateLimited(7*time.Second, "jira-burst-based"), status: 429, header: [2]string{"Retry-After", "7"}},
		{name: "rate limit's reason", fault: fault.RateLimited(time.Second, "jira-burst-based"), status: 429, header: [2]string{"RateLimit-Reason", "jira-burst-based"}},
		{name: "drop", fault: fault.Drop(), dropped: true},
		{name: "drop after the work", fault: fault.DropAfter(), dropped: true, sold: 1},
		{name: "no content", fault: fault.Status(204), status: 204},
		{name: "late", fault: fault.Delay(time.Millisecond), status: 201, header: [2]string{"X-Till", "3"}, body: "sold", sold: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newShop(t)
			require.NoError(t, s.faults.Add("sell", tt.fault))

			resp, body, err := s.call(t.Context(), http.MethodPost, "/sell", "")

			require.Equal(t, tt.sold, s.sold.Load())
			if tt.dropped {
				require.ErrorIs(t, err, io.EOF)
			} else {
				require.NoError(t, err)
				require.Equal(t, tt.status, resp.StatusCode)
				require.Contains(t, body, tt.body)
				if tt.header[0] != "" {
					require.Equal(t, tt.header[1], resp.Header.Get(tt.header[0]))
				}
			}
			resp, _ = s.sell(t)
			require.Equal(t, http.StatusCreated, resp.StatusCode, "one fault strikes once")
		})
	}
}

func TestFaultsAreUsedInOrder(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.faults.Add("sell", fault.Status(500).Repeat(2).SkipFirst(1), fault.Status(502)))
	require.NoError(t, s.faults.Add(fault.Any, fault.Status(418).Repeat(fault.Forever)))

	var got []int
	for range 6 {
		resp, _ := s.sell(t)
		got = append(got, resp.StatusCode)
	}

	require.Equal(t, []int{201, 500, 500, 502, 418, 418}, got)
	require.Equal(t, 6, s.faults.Calls("sell"))
	require.Equal(t, 6, s.faults.Calls(fault.Any))
	s.faults.Clear()
	resp, _ := s.sell(t)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
}

func TestHoldKeepsTheAnswerBackAfterTheWork(t *testing.T) {
	s := newShop(t)
	hold, err := s.faults.Hold("sell")
	require.NoError(t, err)
	answered := make(chan string, 1)
	go func() {
		_, body, err := s.call(t.Context(), http.MethodPost, "/sell", "")
		if err != nil {
			body = err.Error()
		}
		answered <- body
	}()

	<-hold.Entered()
	require.EqualValues(t, 1, s.sold.Load())
	require.Empty(t, answered)
	hold.Release()
	hold.Release()
	require.Equal(t, "sold", <-answered)
}

func TestHoldEndsWithItsClient(t *testing.T) {
	s := newShop(t)
	hold, err := s.faults.Hold("sell")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, _, err := s.call(ctx, http.MethodPost, "/sell", "")
		done <- err
	}()

	<-hold.Entered()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	require.EqualValues(t, 1, s.sold.Load())
}

func TestUnmetHoldIsCancelledByRelease(t *testing.T) {
	s := newShop(t)
	_, err := s.faults.Hold("sell")
	require.NoError(t, err)
	require.Equal(t, 1, s.faults.Release("sell"))
	resp, _ := s.sell(t)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
}

func TestControlAPI(t *testing.T) {
	s := newShop(t)
	resp, body, err := s.call(t.Context(), http.MethodPost, "/_faults",
		`{"op":"sell","times":2,"status":503,"delay":"1ms","headers":{"Retry-After":"1"},"body":"busy"}`)
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, resp.StatusCode, body)

	resp, body = s.sell(t)
	require.Equal(t, 503, resp.StatusCode)
	require.Equal(t, "1", resp.Header.Get("Retry-After"))
	require.Equal(t, "busy", body)

	_, body, err = s.call(t.Context(), http.MethodGet, "/_faults", "")
	require.NoError(t, err)
	require.JSONEq(t, `{"operations":["*","sell","refund"],"pending":[
		{"op":"sell","times":1,"status":503,"delay":"1ms","headers":{"Retry-After":"1"},"body":"busy"}]}`, body)

	resp, _, err = s.call(t.Context(), http.MethodDelete, "/_faults", "")
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	require.Empty(t, s.faults.Pending())
}

func TestControlAPIHoldsAndReleases(t *testing.T) {
	s := newShop(t)
	_, _, err := s.call(t.Context(), http.MethodPost, "/_faults", `{"op":"sell","hold":true}`)
	require.NoError(t, err)
	answered := make(chan error, 1)
	go func() {
		_, _, err := s.call(t.Context(), http.MethodPost, "/sell", "")
		answered <- err
	}()
	require.Eventually(t, func() bool { return s.sold.Load() == 1 }, 5*time.Second, time.Millisecond)

	_, body, err := s.call(t.Context(), http.MethodDelete, "/_faults?op=sell", "")
	require.NoError(t, err)
	require.JSONEq(t, `{"released":1}`, body)
	require.NoError(t, <-answered)
}

func TestControlAPIRefusals(t *testing.T) {
	tests := []struct{ name, method, body, says string }{
		{"unknown operation", http.MethodPost, `{"op":"lend","status":500}`, "use one of *, sell, refund"},
		{"nothing goes wrong", http.MethodPost, `{"op":"sell"}`, "set one of status, drop, hold or delay"},
		{"status and drop", http.MethodPost, `{"op":"sell","status":500,"drop":true}`, "choose either"},
		{"no such status", http.MethodPost, `{"op":"sell","status":7}`, "use 200 to 599"},
		{"bad delay", http.MethodPost, `{"op":"sell","delay":"soon"}`, "no duration"},
		{"negative delay", http.MethodPost, `{"op":"sell","delay":"-1s"}`, "must not be negative"},
		{"negative times", http.MethodPost, `{"op":"sell","times":-2,"status":500}`, "times must be"},
		{"negative skip", http.MethodPost, `{"op":"sell","skip":-2,"status":500}`, "skip must not"},
		{"unknown field", http.MethodPost, `{"op":"sell","code":500}`, "unknown field"},
		{"two values", http.MethodPost, `{"op":"sell","status":500} {}`, "one fault a request"},
		{"no JSON", http.MethodPost, `boom`, "as a JSON object"},
		{"wrong method", http.MethodPut, ``, "use GET, POST or DELETE"},
	}
	s := newShop(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			resp, body, err := s.call(t.Context(), tt.method, "/_faults", tt.body)
			require.NoError(t, err)
			require.GreaterOrEqual(t, resp.StatusCode, 400)
			require.Less(t, resp.StatusCode, 500)
			require.Contains(t, body, tt.says)
			require.Empty(t, s.faults.Pending())
		})
	}
}
