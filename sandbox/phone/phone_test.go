package phone_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

type network struct {
	*phone.Server
	url string
}

func newNetwork(t *testing.T, config phone.Config) *network {
	t.Helper()
	server, err := phone.New(config)
	require.NoError(t, err)
	return &network{Server: server, url: wiretest.Serve(t, server)}
}

func (n *network) call(t *testing.T, method, path, body string, headers ...string) (int, string) {
	t.Helper()
	return wiretest.Call(t, method, n.url+path, body, wiretest.Headers(headers...))
}

func TestPublishJSON(t *testing.T) {
	n := newNetwork(t, phone.Config{})
	status, body := n.call(t, http.MethodPost, "/phone/", `{"topic":"ana","title":"INC-1 SEV2","message":"payments: errors","priority":5,
		"tags":["rotating_light"],"click":"http://tocsin.example/INC-1","sequence_id":"INC-1-page-1",
		"actions":[{"action":"http","label":"Acknowledge","url":"http://tocsin.example/ack","method":"POST","clear":true},
			{"action":"view","label":"Open","url":"http://tocsin.example/INC-1"}]}`)
	require.Equal(t, http.StatusOK, status, body)
	var answer map[string]any
	require.NoError(t, json.Unmarshal([]byte(body), &answer))
	require.Equal(t, "message", answer["event"])
	require.Equal(t, "1", answer["id"])

	pages := n.Pages("ana")
	require.Len(t, pages, 1)
	require.Equal(t, 5, pages[0].Priority)
	require.Equal(t, "INC-1-page-1", pages[0].Key)
	require.Len(t, pages[0].Actions, 2)
	require.Empty(t, n.Pages("ben"))
}

func TestPublishWithHeaders(t *testing.T) {
	n := newNetwork(t, phone.Config{})
	status, body := n.call(t, http.MethodPut, "/phone/ana", "errors", "Title", "INC-1", "X-Priority", "urgent",
		"Tags", "warning, skull", "Idempotency-Key", "k1",
		"Actions", "http, Acknowledge, http://tocsin.example/ack, method=PUT, clear=true, headers.X-A=b, body=yes; view, Open, http://tocsin.example/")
	require.Equal(t, http.StatusOK, status, body)
	p := n.Pages("ana")[0]
	require.Equal(t, []string{"warning", "skull"}, p.Tags)
	require.Equal(t, 5, p.Priority)
	require.Equal(t, "k1", p.Key)
	require.Equal(t, phone.Action{
		Action: "http", Label: "Acknowledge", URL: "http://tocsin.example/ack", Method: "PUT",
		Clear: true, Headers: map[string]string{"X-A": "b"}, Body: "yes",
	}, p.Actions[0])

	_, body = n.call(t, http.MethodPost, "/phone/ben", "", "Actions", `[{"action":"view","label":"Open","url":"https://x.example"}]`)
	require.Contains(t, body, "triggered", "an empty message gets ntfy's word")
	require.Equal(t, 3, n.Pages("ben")[0].Priority)
}

func TestBadPushesAreRefused(t *testing.T) {
	tests := []struct {
		name, path, body string
		headers          []string
		status           int
		says             string
	}{
		{"no JSON", "/phone/", "hello", nil, 400, "must be message JSON"},
		{"bad topic", "/phone/", `{"topic":"a b"}`, nil, 400, "not allowed"},
		{"no topic", "/phone/", `{"message":"x"}`, nil, 400, "not allowed"},
		{"bad priority", "/phone/", `{"topic":"a","priority":6}`, nil, 400, "1 to 5"},
		{"bad priority word", "/phone/a", "x", []string{"Priority", "loud"}, 400, "1 to 5"},
		{"too many buttons", "/phone/a", "x", []string{"Actions", "view,a,http://x;view,b,http://x;view,c,http://x;view,d,http://x"}, 400, "only 3"},
		{"unknown button", "/phone/a", "x", []string{"Actions", "explode,a,http://x"}, 400, "use http or view"},
		{"button without address", "/phone/a", "x", []string{"Actions", "http,a,javascript:x"}, 400, "http or https"},
		{"half a button", "/phone/a", "x", []string{"Actions", "http,a"}, 400, "write"},
		{"broken buttons", "/phone/a", "x", []string{"Actions", "[{"}, 400, "actions"},
		{"long message", "/phone/a", strings.Repeat("x", 4097), nil, 413, "4096"},
		{"huge body", "/phone/a", strings.Repeat("x", 70<<10), nil, 413, "too large"},
	}
	n := newNetwork(t, phone.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, body := n.call(t, http.MethodPost, tt.path, tt.body, tt.headers...)
			require.Equal(t, tt.status, status, body)
			require.Contains(t, body, tt.says)
			require.Empty(t, n.Pages(""))
		})
	}
}

func TestToken(t *testing.T) {
	n := newNetwork(t, phone.Config{Token: "tk_1"})
	status, body := n.call(t, http.MethodPost, "/phone/ana", "x", "Authorization", "Bearer no")
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, body, "configured token")
	require.NotContains(t, body, "tk_1")
	status, _ = n.call(t, http.MethodPost, "/phone/ana", "x", "Authorization", "Bearer tk_1")
	require.Equal(t, http.StatusOK, status)
}

func TestTappingAButtonDoesIt(t *testing.T) {
	n := newNetwork(t, phone.Config{})
	acks := make(chan string, 2)
	tocsin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		acks <- r.Method + " " + string(body) + " " + r.Header.Get("X-Who")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer tocsin.Close()
	_, _ = n.call(t, http.MethodPost, "/phone/", `{"topic":"ana","message":"x","actions":[
		{"action":"http","label":"Acknowledge","url":"`+tocsin.URL+`","body":"ack","headers":{"X-Who":"ana"}},
		{"action":"http","label":"Broken","url":"http://127.0.0.1:1/"}]}`)

	status, body := n.call(t, http.MethodPost, "/phone/api/pages/1/actions/0", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"status":202`)
	require.Equal(t, "POST ack ana", <-acks)

	status, body = n.call(t, http.MethodPost, "/phone/tap/1/1", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "connection refused")
	require.Len(t, n.Pages("ana")[0].Taps, 2)

	for _, path := range []string{"/phone/api/pages/1/actions/2", "/phone/api/pages/1/actions/x", "/phone/api/pages/9/actions/0", "/phone/tap/9/0"} {
		status, _ = n.call(t, http.MethodPost, path, "")
		require.Equal(t, http.StatusNotFound, status, path)
	}
}

func TestHooksMustBeSigned(t *testing.T) {
	n := newNetwork(t, phone.Config{HookSecrets: map[string]string{"ana": "secret-a"}, HookSecret: "secret-all"})
	body := `{"incident":"INC-1"}`
	now := time.Now()
	tests := []struct {
		name, hook, body, signature string
		status                      int
		says                        string
	}{
		{"good", "ana", body, phone.Sign("secret-a", now, []byte(body)), 200, "id"},
		{"the common secret", "ben", body, phone.Sign("secret-all", now, []byte(body)), 200, "id"},
		{"another's secret", "ana", body, phone.Sign("secret-all", now, []byte(body)), 401, "does not match"},
		{"another body", "ana", body, phone.Sign("secret-a", now, []byte("{}")), 401, "does not match"},
		{"old", "ana", body, phone.Sign("secret-a", now.Add(-time.Hour), []byte(body)), 401, "away from now"},
		{"unsigned", "ana", body, "", 401, "missing"},
		{"malformed", "ana", body, "sha256=abc", 401, "t=<unix seconds>"},
		{"no JSON", "ana", "hello", phone.Sign("secret-a", now, []byte("hello")), 400, "JSON"},
		{"huge", "ana", strings.Repeat("x", 70<<10), "", 413, "at most"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, answer := n.call(t, http.MethodPost, "/phone/hook/"+tt.hook, tt.body, phone.SignatureHeader, tt.signature, "Idempotency-Key", "k")
			require.Equal(t, tt.status, status, answer)
			require.Contains(t, answer, tt.says)
			require.NotContains(t, answer, "secret-a")
		})
	}
	require.Len(t, n.Hooks(""), 2)
	require.JSONEq(t, body, string(n.Hooks("ana")[0].Body))
	_, list := n.call(t, http.MethodGet, "/phone/api/hooks?name=ben", "")
	require.Contains(t, list, `"key":"k"`)

	closed := newNetwork(t, phone.Config{})
	status, _ := closed.call(t, http.MethodPost, "/phone/hook/ana", body)
	require.Equal(t, http.StatusNotFound, status)
}

func TestFaults(t *testing.T) {
	n := newNetwork(t, phone.Config{HookSecret: "s"})
	require.NoError(t, n.Faults.Add("push", fault.Status(503).Repeat(2), fault.DropAfter()))
	for range 2 {
		status, _ := n.call(t, http.MethodPost, "/phone/ana", "x")
		require.Equal(t, http.StatusServiceUnavailable, status)
	}
	require.Empty(t, n.Pages("ana"))
	_, _, err := wiretest.Try(t, http.MethodPost, n.url+"/phone/ana", "x")
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, n.Pages("ana"), 1)

	status, _ := n.call(t, http.MethodPost, "/phone/_faults", `{"op":"hook","status":500}`)
	require.Equal(t, http.StatusCreated, status)
	status, _ = n.call(t, http.MethodPost, "/phone/hook/ana", "{}")
	require.Equal(t, http.StatusInternalServerError, status)
}

func TestPagesAPIAndPage(t *testing.T) {
	n := newNetwork(t, phone.Config{HookSecret: "s"})
	_, body := n.call(t, http.MethodGet, "/phone/", "")
	require.Contains(t, body, "No phone has been pushed to yet")
	_, _ = n.call(t, http.MethodPost, "/phone/ana", "<i>first</i>", "Actions", "http, Acknowledge, http://x.example")
	later := time.Now().Format(time.RFC3339Nano)
	_, _ = n.call(t, http.MethodPost, "/phone/ben", "second", "Priority", "high", "Click", "http://x.example")
	hook := `{"incident":"INC-7"}`
	_, _ = n.call(t, http.MethodPost, "/phone/hook/ana", hook, phone.SignatureHeader, phone.Sign("s", time.Now(), []byte(hook)))

	_, body = n.call(t, http.MethodGet, "/phone/api/pages?topic=ana", "")
	require.Contains(t, body, "first")
	require.NotContains(t, body, "second")
	_, body = n.call(t, http.MethodGet, "/phone/api/pages?since="+strings.ReplaceAll(later, "+", "%2B"), "")
	require.NotContains(t, body, "first")
	status, _ := n.call(t, http.MethodGet, "/phone/api/pages?since=now", "")
	require.Equal(t, http.StatusBadRequest, status)

	_, body = n.call(t, http.MethodGet, "/phone/", "")
	require.Equal(t, 2, strings.Count(body, `<section class="phone">`))
	require.Contains(t, body, "&lt;i&gt;first")
	require.Contains(t, body, "Acknowledge</button>")
	require.Contains(t, body, "INC-7")

	status, _ = n.call(t, http.MethodDelete, "/phone/api/pages", "")
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, n.Pages(""))
	require.Empty(t, n.Hooks(""))
}

func TestPagesSurviveARestart(t *testing.T) {
	dir := t.TempDir()
	n := newNetwork(t, phone.Config{Dir: dir})
	_, _ = n.call(t, http.MethodPost, "/phone/ana", "kept")
	again := newNetwork(t, phone.Config{Dir: dir})
	require.Equal(t, "kept", again.Pages("ana")[0].Message)
	_, _ = again.call(t, http.MethodPost, "/phone/ana", "next")
	require.Equal(t, "2", again.Pages("ana")[1].ID)
}
