package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
)

// serve returns a client of a server that always answers so.
func serve(t *testing.T, status int, kind, body string) (*client.ClientWithResponses, *http.Header) {
	t.Helper()
	var seen http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(client.Options{Server: server.URL, Token: "toc_x", Agent: "tocsin-cli/test"})
	require.NoError(t, err)
	return c, &seen
}

func TestSuccessHasItsBody(t *testing.T) {
	c, seen := serve(t, 200, "application/json", `{"number":"INC-1","phase":"triaging","revision":2,"text":"you hold it"}`)
	got, err := c.AcknowledgeWithResponse(t.Context(), "INC-1", &client.AcknowledgeParams{IdempotencyKey: "k"}, client.Acknowledge{})
	require.NoError(t, err)
	require.Equal(t, "you hold it", got.JSON200.Text)
	require.Equal(t, "Bearer toc_x", seen.Get("Authorization"))
	require.Equal(t, "tocsin-cli/test", seen.Get("User-Agent"))
	require.Equal(t, "k", seen.Get("Idempotency-Key"))
}

func TestProblemsAreErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"urn:tocsin:problem:refused","title":"T","status":409,"detail":"cannot close","missing":["a","b"],"request_id":"r"}`: "cannot close (missing: a; b)",
		`{"type":"urn:tocsin:problem:refused","title":"T","status":409,"request_id":"r"}`:                                             "T",
		`{"type":"urn:tocsin:problem:internal","title":"T","status":500,"detail":"d","request_id":"r"}`:                               "d [request r]",
	} {
		c, _ := serve(t, 409, "application/problem+json", body)
		_, err := c.CloseWithResponse(t.Context(), "INC-1", nil)
		require.EqualError(t, err, want)
		problem, ok := errors.AsType[*client.Problem](err)
		require.True(t, ok)
		require.NotEmpty(t, problem.Kind())
		require.NotContains(t, problem.Kind(), ":")
	}
}

func TestStrangersAreNotTocsin(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		kind   string
		body   string
		says   string
	}{
		"a page with 200": {200, "text/html", "<h1>Welcome</h1>", "is this Tocsin?"},
		"a page with 502": {502, "text/html; charset=utf-8", "<h1>Bad gateway</h1>", "502 Bad Gateway"},
		"a broken answer": {500, "application/problem+json", "{", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := serve(t, tc.status, tc.kind, tc.body)
			_, err := c.GetIncidentWithResponse(t.Context(), "INC-1")
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), "toc_x")
		})
	}
}

func TestNobodyAnswers(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c, err := client.New(client.Options{Server: server.URL})
	require.NoError(t, err)
	_, err = c.GetMeWithResponse(t.Context())
	require.ErrorContains(t, err, "reach 127.0.0.1")
	require.NotContains(t, err.Error(), "://")
	require.NotContains(t, err.Error(), "\n")
}

func TestReadEvents(t *testing.T) {
	stream := ": hello\n\nretry: 2000\n\nevent: entry\ndata: {\"a\":1}\n\nid: 7\nevent: incident\ndata: {}\n\n: still here\n\n"
	var got []client.Event
	err := client.ReadEvents(strings.NewReader(stream), func(e client.Event) error {
		got = append(got, e)
		return nil
	})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, []client.Event{{Name: "entry", Data: []byte(`{"a":1}`)}, {ID: "7", Name: "incident", Data: []byte("{}")}}, got)
	stop := errors.New("enough")
	require.ErrorIs(t, client.ReadEvents(strings.NewReader(stream), func(client.Event) error { return stop }), stop)
}
