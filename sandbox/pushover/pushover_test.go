package pushover_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
)

const alice = "uAliceAliceAliceAliceAliceAlic"

type network struct {
	*pushover.Server
	url string
}

func newNetwork(t *testing.T, config pushover.Config) *network {
	t.Helper()
	server, err := pushover.New(config)
	require.NoError(t, err)
	return &network{Server: server, url: wiretest.Serve(t, server)}
}

// call posts a form, or gets when there is none, and returns the answer.
func (n *network) call(t *testing.T, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	status, body := wiretest.Call(t, method, n.url+path, form.Encode(), wiretest.Form)
	answer := map[string]any{"body": body}
	_ = json.Unmarshal([]byte(body), &answer) // a page is no JSON
	return status, answer
}

func emergency(callback string) url.Values {
	return url.Values{
		"token": {pushover.DefaultToken}, "user": {alice}, "title": {"INC-1"}, "message": {"fails <b>"}, "priority": {"2"},
		"retry": {"30"}, "expire": {"60"}, "callback": {callback}, "tags": {"INC-1,urgent"},
	}
}

const messages = "/pushover/1/messages.json"

func TestAnEmergencyIsAcknowledged(t *testing.T) {
	var got url.Values
	answer := http.StatusOK
	sender := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // what is missing is missed below
		got = r.PostForm
		w.WriteHeader(answer)
	}))
	defer sender.Close()
	n := newNetwork(t, pushover.Config{})
	status, sent := n.call(t, http.MethodPost, messages, emergency(sender.URL))
	require.Equal(t, http.StatusOK, status)
	receipt, _ := sent["receipt"].(string)
	require.Len(t, receipt, 30)
	stand := "/pushover/1/receipts/" + receipt + ".json?token=" + pushover.DefaultToken
	_, stands := n.call(t, http.MethodGet, stand, nil)
	require.EqualValues(t, 0, stands["acknowledged"])
	_, shown := n.call(t, http.MethodGet, "/pushover/", nil)
	require.Contains(t, shown["body"], "Acknowledge")
	require.Contains(t, shown["body"], "fails &lt;b&gt;")
	require.NotContains(t, shown["body"], sender.URL+" ", "only the words of the message")

	status, _ = n.call(t, http.MethodPost, "/pushover/api/messages/1/acknowledge", nil)
	require.Equal(t, http.StatusNoContent, status)
	require.Equal(t, receipt, got.Get("receipt"))
	require.Equal(t, alice, got.Get("acknowledged_by"))
	require.Equal(t, http.StatusOK, n.Messages(alice)[0].CalledBack)
	_, stands = n.call(t, http.MethodGet, stand, nil)
	require.EqualValues(t, 1, stands["acknowledged"])

	answer = http.StatusForbidden
	status, _ = n.call(t, http.MethodPost, "/pushover/api/messages/1/acknowledge", nil)
	require.Equal(t, http.StatusConflict, status)
	sender.Close()
	require.ErrorContains(t, n.Acknowledge(t.Context(), "1"), "call the sender back")
	require.ErrorContains(t, n.Acknowledge(t.Context(), "7"), "no emergency 7")
	status, _ = n.call(t, http.MethodPost, "/pushover/acknowledge/7", nil)
	require.Equal(t, http.StatusConflict, status)
}

func TestAnEmergencyIsSilenced(t *testing.T) {
	n := newNetwork(t, pushover.Config{})
	_, first := n.call(t, http.MethodPost, messages, emergency(""))
	_, _ = n.call(t, http.MethodPost, messages, emergency(""))
	app := url.Values{"token": {pushover.DefaultToken}}
	cancel := "/pushover/1/receipts/" + first["receipt"].(string) + "/cancel.json"
	status, _ := n.call(t, http.MethodPost, cancel, app)
	require.Equal(t, http.StatusOK, status)
	status, _ = n.call(t, http.MethodPost, cancel, app)
	require.Equal(t, http.StatusNotFound, status)
	_, tagged := n.call(t, http.MethodPost, "/pushover/1/receipts/cancel_by_tag/INC-1.json", app)
	require.EqualValues(t, 1, tagged["canceled"], "the other one")
	_, tagged = n.call(t, http.MethodPost, "/pushover/1/receipts/cancel_by_tag/INC-1.json", app)
	require.EqualValues(t, 0, tagged["canceled"])
	require.NoError(t, n.Acknowledge(t.Context(), "1"), "without a callback nobody is called")
}

func TestWhatPushoverRefuses(t *testing.T) {
	n := newNetwork(t, pushover.Config{})
	for name, test := range map[string]struct{ field, value, marks string }{
		"token":          {"token", "guess", "token"},
		"user":           {"user", "alice", "user"},
		"no message":     {"message", "", "message"},
		"long message":   {"message", strings.Repeat("ü", 1025), "message"},
		"long title":     {"title", strings.Repeat("x", 251), "message"},
		"long url":       {"url", strings.Repeat("x", 513), "url"},
		"priority":       {"priority", "3", "priority"},
		"rings too soon": {"retry", "10", "retry"},
		"no end":         {"expire", "10801", "expire"},
	} {
		form := emergency("")
		form.Set(test.field, test.value)
		status, answer := n.call(t, http.MethodPost, messages, form)
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Equal(t, "invalid", answer[test.marks], name)
		require.EqualValues(t, 0, answer["status"], name)
	}
	status, _ := n.call(t, http.MethodGet, "/pushover/1/receipts/x.json?token="+pushover.DefaultToken, nil)
	require.Equal(t, http.StatusNotFound, status)
	require.Empty(t, n.Messages(""))
}

func TestFaultsAndForgetting(t *testing.T) {
	dir := t.TempDir()
	n := newNetwork(t, pushover.Config{Dir: dir})
	require.NoError(t, n.Faults.Add("message", fault.Status(http.StatusBadGateway)))
	status, _ := n.call(t, http.MethodPost, messages, emergency(""))
	require.Equal(t, http.StatusBadGateway, status)
	status, _ = n.call(t, http.MethodPost, messages, emergency(""))
	require.Equal(t, http.StatusOK, status)

	again := newNetwork(t, pushover.Config{Dir: dir})
	_, list := again.call(t, http.MethodGet, "/pushover/api/messages?user="+alice, nil)
	require.Len(t, list["messages"], 1, "it survives a restart")
	status, _ = again.call(t, http.MethodDelete, "/pushover/api/messages", nil)
	require.Equal(t, http.StatusNoContent, status)
	require.Empty(t, again.Messages(""))
}
