package rest_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func answer(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestFailures(t *testing.T) {
	client := rest.New(rest.Config{Name: "the shop", Credentials: "SHOP_TOKEN"})
	channeltest.Failures(t, true, func(ctx context.Context, _ *testing.T, base string) error {
		var out map[string]any
		err := client.JSON(ctx, rest.Call{Method: http.MethodPost, URL: base + "/secret-path", Body: 1}, &out)
		channeltest.NoSecret(t, err, base, "secret-path")
		return err
	})
}

func TestJSON(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		answer(200, "application/vnd.shop+json; charset=utf-8", `{"was":"`+strings.Join([]string{
			r.Method, h.Get("Content-Type"), h.Get("Accept"), h.Get("User-Agent"), h.Get("X-Color"),
			strings.ReplaceAll(string(body), `"`, `'`),
		}, " ")+`"}`)(w, r)
	})
	var out struct{ Was string }
	err := rest.New(rest.Config{Name: "the shop"}).JSON(t.Context(), rest.Call{
		Method: http.MethodPut, URL: url, Header: http.Header{"X-Color": {"red"}}, Body: map[string]int{"a": 1},
	}, &out)
	require.NoError(t, err)
	require.Equal(t, "PUT application/json application/json tocsin red {'a':1}", out.Was)

	err = rest.New(rest.Config{Name: "the shop"}).JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: url}, &out)
	require.NoError(t, err)
	require.Equal(t, "GET  application/json tocsin  ", out.Was)
}

func TestAnswersThatAreNone(t *testing.T) {
	tests := map[string]struct {
		handler http.HandlerFunc
		says    string
	}{
		"HTML":           {answer(200, "text/html", "<html>secret"), "answered HTML: a login page or a proxy"},
		"plain text":     {answer(200, "text/plain", "secret"), "not JSON"},
		"no type":        {answer(200, "", "secret"), "not JSON"},
		"broken JSON":    {answer(200, "application/json", `{"secret`), "cannot be understood"},
		"another type":   {answer(200, "application/json", `["secret"]`), "cannot be understood"},
		"nothing":        {answer(200, "application/json", ""), "cannot be understood"},
		"too long":       {answer(200, "application/json", strings.Repeat(" ", 101)), "more than 100 bytes"},
		"broken off":     {brokenOff, "connection was closed"},
		"error too long": {answer(500, "text/html", strings.Repeat("secret", 1000)), "the shop answered 500 Internal Server Error"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out struct{ A int }
			client := rest.New(rest.Config{Name: "the shop", MaxAnswer: 100})
			err := client.JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: serve(t, tt.handler)}, &out)
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "the shop ")
			require.ErrorContains(t, err, tt.says)
			require.NotContains(t, err.Error(), "secret")
		})
	}
}

func brokenOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "50")
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"a":`)
}

func TestAnyAnswer(t *testing.T) {
	client := rest.New(rest.Config{Name: "the shop", AnyAnswer: true, MaxAnswer: 10})
	for name, handler := range map[string]http.HandlerFunc{
		"HTML":       answer(200, "text/html", "<html>"),
		"too long":   answer(202, "text/plain", strings.Repeat("x", 11)),
		"broken off": brokenOff,
		"nothing":    answer(204, "", ""),
	} {
		require.NoError(t, client.JSON(t.Context(), rest.Call{Method: http.MethodPost, URL: serve(t, handler)}, nil), name)
	}
}

func TestExplanation(t *testing.T) {
	long := strings.Repeat("ä", 1000)
	client := rest.New(rest.Config{
		Name: "the shop", Secrets: []string{"hunter2", ""}, Explain: func(body []byte) string { return string(body) },
	})
	tests := []struct{ body, want string }{
		{"no\n  such\tshelf", "the shop answered 422 Unprocessable Entity: no such shelf"},
		{"hunter2 is wrong, hunter2!", "the shop answered 422 Unprocessable Entity: [hidden] is wrong, [hidden]!"},
		{long, "the shop answered 422 Unprocessable Entity: " + strings.Repeat("ä", 300) + "…"},
		{" \n", "the shop answered 422 Unprocessable Entity"},
	}
	for _, tt := range tests {
		err := client.JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: serve(t, answer(422, "text/plain", tt.body))}, nil)
		require.EqualError(t, err, tt.want)
		require.Equal(t, incident.Permanent, incident.KindOf(err))
		status, ok := errors.AsType[*rest.StatusError](err)
		require.True(t, ok)
		require.Equal(t, 422, status.Code)
		require.Equal(t, tt.body, string(status.Body))
	}
}

func TestConflict(t *testing.T) {
	err := rest.New(rest.Config{Name: "the shop"}).JSON(t.Context(),
		rest.Call{Method: http.MethodPost, URL: serve(t, answer(409, "", ""))}, nil)
	require.Equal(t, incident.Conflict, incident.KindOf(err))
}

func TestRetryAfter(t *testing.T) {
	tests := map[string]struct{ atLeast, atMost time.Duration }{
		"3":                             {3 * time.Second, 3 * time.Second},
		"0":                             {0, 0},
		"99999999":                      {time.Hour, time.Hour},
		"-4":                            {0, 0},
		"soon":                          {0, 0},
		"":                              {0, 0},
		"Wed, 21 Oct 2015 07:28:00 GMT": {0, 0},
		time.Now().Add(time.Minute).UTC().Format(http.TimeFormat): {50 * time.Second, time.Minute},
	}
	for value, want := range tests {
		err := rest.New(rest.Config{Name: "the shop"}).JSON(t.Context(), rest.Call{
			Method: http.MethodGet, URL: serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", value)
				w.WriteHeader(503)
			}),
		}, nil)
		e, ok := errors.AsType[*incident.Error](err)
		require.True(t, ok)
		require.GreaterOrEqual(t, e.RetryAfter, want.atLeast, value)
		require.LessOrEqual(t, e.RetryAfter, want.atMost, value)
	}
}

func TestTimeout(t *testing.T) {
	gone := make(chan struct{})
	defer close(gone)
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-gone })
	client := rest.New(rest.Config{Name: "the shop", Timeout: 20 * time.Millisecond})
	err := client.JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: url}, nil)
	require.EqualError(t, err, "the shop did not answer within 20 ms")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestReasons(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()
	plain := strings.Replace(serve(t, answer(200, "", "")), "http:", "https:", 1)
	tests := map[string]string{
		closed.URL:                    "the shop cannot be reached: connection refused",
		"http://no-such-host.invalid": "the shop cannot be reached: its name cannot be resolved",
		untrusted.URL:                 "the shop cannot be reached: its certificate is not trusted",
		plain:                         "the shop cannot be reached: it does not speak TLS",
	}
	for url, want := range tests {
		err := rest.New(rest.Config{Name: "the shop"}).JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: url}, nil)
		require.EqualError(t, err, want, url)
	}
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	client := rest.New(rest.Config{Name: "the shop"})
	err := client.JSON(t.Context(), rest.Call{Method: http.MethodGet, URL: "http://secret\n"}, nil)
	require.EqualError(t, err, "the address is not a URL")
	err = client.JSON(t.Context(), rest.Call{Method: http.MethodPut, URL: "http://x", Body: make(chan int)}, nil)
	require.Equal(t, incident.Invalid, incident.KindOf(err))
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"https://example.com/a", "http://[::1]:80", "http://user:pass@host", "ftp://x", "https://", "x", "http://h?q#f", "%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := rest.ParseURL(raw)
		if err != nil {
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			return
		}
		require.Contains(t, []string{"http", "https"}, u.Scheme)
		require.NotEmpty(t, u.Hostname())
		require.Nil(t, u.User)
		if base, err := rest.ParseBase(raw); err == nil {
			require.Empty(t, base.RawQuery+base.Fragment)
		}
	})
}
