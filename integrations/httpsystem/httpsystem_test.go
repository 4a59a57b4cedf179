package httpsystem_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/httpsystem"
	"github.com/tocsinhq/tocsin/systems"
)

const token = "hunter2-token"

// calls are what the tests' system may be asked.
func calls() []httpsystem.Call {
	return []httpsystem.Call{
		{Method: "GET", Path: "/v1/caches/{cache}"},
		{
			Method: "POST", Path: "/v1/caches/{cache}/purge", Expect: []int{202}, Query: map[string]string{"by": "{incident}"},
			Body:   map[string]any{"cache": "{cache}", "why": "for {incident}", "parts": []any{"a", 1, true}},
			Verify: &httpsystem.Verify{Path: "/v1/caches/{cache}", Holds: `"{cache}":"empty"`},
			Undo:   &httpsystem.Undo{Method: "PUT", Path: "/v1/caches/{cache}/warm", Body: map[string]any{"cache": "{cache}"}},
		},
		{Method: "PUT", Path: "/v1/flags/{flag}", Where: map[string]string{"flag": ".+"}, TakesBody: true},
		{Method: "DELETE", Path: "/v1/flags/{flag}", Expect: []int{204, 404}},
	}
}

func open(t *testing.T, url string, change func(c *httpsystem.Config)) *httpsystem.System {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token+"\n"), 0o600))
	config := httpsystem.Config{Name: "cache", URL: url, TokenFile: file, Calls: calls()}
	if change != nil {
		change(&config)
	}
	s, err := httpsystem.New(config)
	require.NoError(t, err)
	return s
}

func honours(c *httpsystem.Config) { c.HonoursKeys = true }

func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func purge() systems.HTTPRequest {
	return systems.HTTPRequest{Method: "POST", Path: "/v1/caches/users/purge", Incident: "INC-1"}
}

func TestARequestIsWhatTheFileSays(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got, body = r, string(data)
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "on its way "+token)
	})
	s := open(t, url+"/admin/", nil)
	plan, err := s.Plan(purge())
	require.NoError(t, err)
	require.Equal(t, "POST /v1/caches/users/purge?by=INC-1", plan.Line)
	require.JSONEq(t, `{"cache":"users","why":"for INC-1","parts":["a",1,true]}`, plan.Body)
	require.Equal(t, `GET /v1/caches/users answers with "users":"empty"`, plan.Verify)
	require.True(t, plan.Undone)
	require.False(t, plan.Keyed)
	require.Nil(t, got, "a plan asks nobody")

	answer, err := s.Send(t.Context(), purge(), plan.Covers, "INC-1/step-1")
	require.NoError(t, err)
	require.Equal(t, systems.HTTPAnswer{Status: 202, Body: "on its way [hidden]", Bytes: len("on its way " + token)}, answer)
	require.Equal(t, "/admin/v1/caches/users/purge?by=INC-1", got.RequestURI)
	require.Equal(t, plan.Body, body)
	require.Equal(t, "Bearer "+token, got.Header.Get("Authorization"))
	require.Equal(t, "INC-1/step-1", got.Header.Get("Idempotency-Key"))
	require.Equal(t, "application/json", got.Header.Get("Content-Type"))

	undo := purge()
	undo.Part = systems.HTTPUndo
	plan, err = s.Plan(undo)
	require.NoError(t, err)
	require.Equal(t, "PUT /v1/caches/users/warm", plan.Line)
	require.JSONEq(t, `{"cache":"users"}`, plan.Body)
	require.False(t, plan.Undone, "an undo has none")
}

func TestHeadersCanBeOthers(t *testing.T) {
	t.Parallel()
	var got http.Header
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.WriteHeader(http.StatusAccepted)
	})
	s := open(t, url, func(c *httpsystem.Config) { c.TokenHeader, c.KeyHeader = "X-Api-Key", "X-Request-Id" })
	_, err := s.Send(t.Context(), purge(), "", "key")
	require.NoError(t, err)
	require.Equal(t, token, got.Get("X-Api-Key"))
	require.Equal(t, "key", got.Get("X-Request-Id"))
	require.Empty(t, got.Get("Authorization"))
}

func TestWhatTheFileDoesNotAllow(t *testing.T) {
	t.Parallel()
	s := open(t, "https://cache.example.org", nil)
	for name, test := range map[string]struct {
		request systems.HTTPRequest
		kind    incident.Kind
	}{
		"another path":          {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/users/drop"}, incident.Forbidden},
		"another method":        {systems.HTTPRequest{Method: "DELETE", Path: "/v1/caches/users/purge"}, incident.Forbidden},
		"no method":             {systems.HTTPRequest{Path: "/v1/caches/users"}, incident.Forbidden},
		"a longer path":         {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/users/purge/all"}, incident.Forbidden},
		"a path in a part":      {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/a/b/purge"}, incident.Forbidden},
		"an escape in a part":   {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/%2e%2e/purge"}, incident.Forbidden},
		"a way up":              {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/../purge"}, incident.Invalid},
		"an empty part":         {systems.HTTPRequest{Method: "POST", Path: "/v1/caches//purge"}, incident.Invalid},
		"a query":               {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/users/purge?all=1"}, incident.Invalid},
		"a fragment":            {systems.HTTPRequest{Method: "PUT", Path: "/v1/flags/a#b"}, incident.Invalid},
		"a backslash":           {systems.HTTPRequest{Method: "PUT", Path: `/v1/flags/a\b`}, incident.Invalid},
		"a line":                {systems.HTTPRequest{Method: "PUT", Path: "/v1/flags/a\nb"}, incident.Invalid},
		"another host":          {systems.HTTPRequest{Method: "GET", Path: "https://evil.example.org/v1"}, incident.Invalid},
		"another host, shortly": {systems.HTTPRequest{Method: "GET", Path: "//evil.example.org/v1/caches/users"}, incident.Invalid},
		"a user name":           {systems.HTTPRequest{Method: "GET", Path: "@evil.example.org/v1/caches/users"}, incident.Invalid},
		"a body of its own":     {systems.HTTPRequest{Method: "POST", Path: "/v1/caches/users/purge", Body: "{}"}, incident.Invalid},
		"a body that is none":   {systems.HTTPRequest{Method: "PUT", Path: "/v1/flags/a", Body: "{"}, incident.Invalid},
		"no body":               {systems.HTTPRequest{Method: "PUT", Path: "/v1/flags/a"}, incident.Invalid},
		"no undo":               {systems.HTTPRequest{Method: "DELETE", Path: "/v1/flags/a", Part: systems.HTTPUndo}, incident.Invalid},
		"no verification":       {systems.HTTPRequest{Method: "DELETE", Path: "/v1/flags/a", Part: systems.HTTPVerify}, incident.Invalid},
		"an unknown part":       {systems.HTTPRequest{Method: "DELETE", Path: "/v1/flags/a", Part: "else"}, incident.Invalid},
	} {
		_, err := s.Plan(test.request)
		require.Equal(t, test.kind, incident.KindOf(err), "%s: %v", name, err)
		_, err = s.Send(t.Context(), test.request, "", "")
		require.Equal(t, test.kind, incident.KindOf(err), "%s: %v", name, err)
	}
}

func TestPartsAreEscaped(t *testing.T) {
	t.Parallel()
	var path string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { path = r.RequestURI })
	s := open(t, url, nil)
	r := systems.HTTPRequest{Method: "PUT", Path: `/v1/flags/a b%2Fc;d&e=f@g:{h}"ü`, Body: `{"on":true}`}
	_, err := s.Send(t.Context(), r, "", "key")
	require.NoError(t, err)
	require.Equal(t, "/v1/flags/a%20b%252Fc%3Bd&e=f@g:%7Bh%7D%22%C3%BC", path)
}

func TestAPlanCoversAllThatTheFileSays(t *testing.T) {
	t.Parallel()
	asked := 0
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusAccepted)
	})
	plan, err := open(t, url, nil).Plan(purge())
	require.NoError(t, err)
	for name, change := range map[string]func(c *httpsystem.Config){
		"address": func(c *httpsystem.Config) { c.URL = url + "/other" },
		"body":    func(c *httpsystem.Config) { c.Calls[1].Body = nil },
		"query":   func(c *httpsystem.Config) { c.Calls[1].Query = nil },
		"expect":  func(c *httpsystem.Config) { c.Calls[1].Expect = nil },
		"verify":  func(c *httpsystem.Config) { c.Calls[1].Verify.Holds = "200" },
		"keys":    honours,
	} {
		_, err := open(t, url, change).Send(t.Context(), purge(), plan.Covers, "key")
		require.Equal(t, incident.Conflict, incident.KindOf(err), name)
	}
	require.Zero(t, asked)
	_, err = open(t, url, nil).Send(t.Context(), purge(), plan.Covers, "key")
	require.NoError(t, err)
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	deletion := systems.HTTPRequest{Method: "DELETE", Path: "/v1/flags/a"}
	for _, test := range []struct {
		status        int
		header, value string
		request       systems.HTTPRequest
		kind          incident.Kind
	}{
		{status: 202, request: purge()},
		{status: 200, request: purge(), kind: incident.Unavailable},
		{status: 204, request: deletion},
		{status: 404, request: deletion},
		{status: 410, request: deletion, kind: incident.NotFound},
		{status: 202, request: purge(), header: "Content-Type", value: "text/html", kind: incident.Unavailable},
		{status: 404, request: purge(), kind: incident.NotFound},
		{status: 401, request: purge(), kind: incident.Forbidden},
		{status: 403, request: purge(), kind: incident.Forbidden},
		{status: 400, request: purge(), kind: incident.Permanent},
		{status: 409, request: purge(), kind: incident.Conflict},
		{status: 422, request: purge(), kind: incident.Permanent},
		{status: 429, request: purge(), kind: incident.Refused},
		{status: 408, request: purge(), kind: incident.Unavailable},
		{status: 500, request: purge(), kind: incident.Unavailable},
		{status: 503, request: purge(), kind: incident.Unavailable},
		{status: 302, request: purge(), header: "Location", value: "/elsewhere", kind: incident.Unavailable},
		{status: 303, request: purge(), header: "Location", value: "/elsewhere", kind: incident.Unavailable},
		{status: 307, request: purge(), header: "Location", value: "/elsewhere", kind: incident.Permanent},
	} {
		asked := 0
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			if test.header != "" {
				w.Header().Set(test.header, test.value)
			}
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, `{"message":"as you wish, `+token+`"}`)
		})
		_, err := open(t, url, nil).Send(t.Context(), test.request, "", "key")
		require.Equal(t, test.kind, incident.KindOf(err), "%d: %v", test.status, err)
		require.Equal(t, 1, asked, "no redirect is followed, nothing is repeated")
		channeltest.NoSecret(t, err, url, token)
	}
}

func TestTooMuchIsTriedAgainWithKeys(t *testing.T) {
	t.Parallel()
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) })
	_, err := open(t, url, honours).Send(t.Context(), purge(), "", "key")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestNothingWasSentWhereNobodyListens(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(nil)
	closed.Close()
	_, err := open(t, closed.URL, nil).Send(t.Context(), purge(), "", "key")
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "connection refused; nothing was sent")
	_, err = open(t, closed.URL, honours).Send(t.Context(), purge(), "", "key")
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "it is tried again")
	_, err = open(t, closed.URL, nil).Send(t.Context(), systems.HTTPRequest{Method: "GET", Path: "/v1/caches/users"}, "", "")
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "a reading may be tried again")
}

// TestNoRequestIsRepeatedByItself: Go's client repeats what has an
// Idempotency-Key when a connection that was used before breaks.
func TestNoRequestIsRepeatedByItself(t *testing.T) {
	t.Parallel()
	var posts atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			return
		}
		posts.Add(1)
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
	})
	for _, request := range []systems.HTTPRequest{purge(), {Method: "DELETE", Path: "/v1/flags/a"}} {
		posts.Store(0)
		s := open(t, url, nil)
		_, err := s.Send(t.Context(), systems.HTTPRequest{Method: "GET", Path: "/v1/caches/users"}, "", "")
		require.NoError(t, err, "a connection is there to be used again")
		_, err = s.Send(t.Context(), request, "", "key")
		require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
		require.EqualValues(t, 1, posts.Load())
	}
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 5000)
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, long) })
	answer, err := open(t, url, nil).Send(t.Context(), systems.HTTPRequest{Method: "GET", Path: "/v1/caches/users"}, "", "")
	require.NoError(t, err)
	require.Equal(t, 10000, answer.Bytes)
	require.Equal(t, long, answer.Body)

	long = strings.Repeat("x", 2<<20)
	_, err = open(t, url, nil).Send(t.Context(), systems.HTTPRequest{Method: "GET", Path: "/v1/caches/users"}, "", "")
	require.ErrorContains(t, err, "answered more than 1048576 bytes")
	long = "no text: \xff"
	answer, err = open(t, url, nil).Send(t.Context(), systems.HTTPRequest{Method: "GET", Path: "/v1/caches/users"}, "", "")
	require.NoError(t, err)
	require.Equal(t, "no text: \uFFFD", answer.Body)
}

func TestVerification(t *testing.T) {
	t.Parallel()
	state := "full"
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method+" "+r.RequestURI == "GET /v1/caches/users" {
			_, _ = io.WriteString(w, `{"users":"`+state+`"}`)
		}
	})
	s := open(t, url, nil)
	r := purge()
	r.Part = systems.HTTPVerify
	answer, err := s.Send(t.Context(), r, "", "")
	require.NoError(t, err)
	require.False(t, answer.Holds)
	state = "empty"
	answer, err = s.Send(t.Context(), r, "", "")
	require.NoError(t, err)
	require.True(t, answer.Holds)
}

func TestATimeOutIsUnknown(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	url := serve(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) })
	s := open(t, url, func(c *httpsystem.Config) { c.Timeout = 50 * time.Millisecond })
	_, err := s.Send(t.Context(), purge(), "", "key")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.ErrorContains(t, err, "did not answer within 50 ms")
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	_, err := open(t, server.URL, nil).Send(t.Context(), purge(), "", "key")
	require.ErrorContains(t, err, "its certificate is not trusted")
	file := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	_, err = open(t, server.URL, func(c *httpsystem.Config) { c.CAFile = file }).Send(t.Context(), purge(), "", "key")
	require.NoError(t, err)
}
