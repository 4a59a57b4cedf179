package ntfy_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/ntfy"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

const token = "tk_a-very-secret-token"

var _ activities.Channel = (*ntfy.Channel)(nil)

func accept(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(`{"id":"xE73Iyuabi","event":"message"}`))
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		New: func(t *testing.T, base string) (channeltest.Channel, string) {
			channel, err := ntfy.New(ntfy.Config{URL: base, Token: token})
			require.NoError(t, err)
			return channel, "alice-private-topic"
		},
		Accept: accept, OwesAnswer: true, Secrets: []string{token},
	})
}

// publish sends one message and returns what arrived.
func publish(t *testing.T, config ntfy.Config, m incident.Message) (http.Header, map[string]any) {
	t.Helper()
	var header http.Header
	var body map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header
		if json.NewDecoder(r.Body).Decode(&body) == nil && r.Method == http.MethodPost && r.URL.Path == "/push" {
			accept(w, r)
		}
	}))
	defer server.Close()
	config.URL = server.URL + "/push"
	channel, err := ntfy.New(config)
	require.NoError(t, err)
	require.NoError(t, channel.Send(t.Context(), "alice", m))
	return header, body
}

func TestUrgentPage(t *testing.T) {
	header, body := publish(t, ntfy.Config{Token: token}, channeltest.Message())
	require.Equal(t, "Bearer "+token, header.Get("Authorization"))
	require.Equal(t, "INC-1042/page/alice/push/1", header.Get("Idempotency-Key"))
	require.Regexp(t, `^[0-9a-f]{32}$`, header.Get("X-Sequence-ID"))
	require.Equal(t, map[string]any{
		"topic": "alice", "priority": 5.0,
		"title":   "INC-1042 Checkout fails for half of the customers",
		"message": "You are on call for shop.\nError rate 48% for 5 minutes.",
		"tags":    []any{"rotating_light", "SEV1", "checkout"},
		"click":   "https://tocsin.example.com/ack/opaque-ack-token",
		"actions": []any{
			map[string]any{
				"action": "http", "label": "Acknowledge", "method": "POST", "clear": true,
				"url": "https://tocsin.example.com/ack/opaque-action-token",
			},
			map[string]any{
				"action": "view", "label": "Dashboard", "url": "https://graphs.example.com/d/checkout?from=now-1h&to=now",
			},
		},
	}, body)
}

func TestOrdinaryNotice(t *testing.T) {
	m := channeltest.Message()
	m.Urgent, m.AckURL, m.AckAction = false, "", ""
	for range 5 {
		m.Links = append(m.Links, m.Links[0])
	}
	header, body := publish(t, ntfy.Config{}, m)
	require.Empty(t, header.Get("Authorization"))
	require.EqualValues(t, 3, body["priority"])
	require.Equal(t, m.Links[0].URL, body["click"])
	require.Len(t, body["actions"], 3, "ntfy refuses more than three buttons")
	require.NotContains(t, body["actions"], "Acknowledge")
}

func TestWhatNtfyWouldRefuse(t *testing.T) {
	m := channeltest.Message()
	m.Title, m.Body = strings.Repeat("ü", 500), strings.Repeat("ü", 5000)
	m.Links = []incident.MessageLink{{Title: "runbook", URL: "see the wiki"}, {URL: "https://x.example.com"}, m.Links[0]}
	_, body := publish(t, ntfy.Config{}, m)
	require.LessOrEqual(t, len(body["title"].(string)), 250)
	require.LessOrEqual(t, len(body["message"].(string)), 4000)
	require.True(t, strings.HasSuffix(body["message"].(string), "ü…"))
	require.Len(t, body["actions"], 2)
}

// TestPhone speaks to the stand-in that shows what a phone would.
func TestPhone(t *testing.T) {
	phones, err := phone.New(phone.Config{Token: token})
	require.NoError(t, err)
	defer phones.Close()
	server := httptest.NewServer(phones)
	defer server.Close()
	channel, err := ntfy.New(ntfy.Config{URL: server.URL + "/phone/", Token: token})
	require.NoError(t, err)
	require.NoError(t, channel.Send(t.Context(), "alice", channeltest.Message()))
	pages := phones.Pages("alice")
	require.Len(t, pages, 1)
	require.Equal(t, "INC-1042/page/alice/push/1", pages[0].Key)
	require.Equal(t, 5, pages[0].Priority)
	require.Equal(t, "Acknowledge", pages[0].Actions[0].Label)
	require.Equal(t, "POST", pages[0].Actions[0].Method)

	full := channeltest.Message()
	full.Body = strings.Repeat(`<"\n`, 2000)
	require.NoError(t, channel.Send(t.Context(), "alice", full), "what JSON makes longer")
	require.Greater(t, len(phones.Pages("alice")[1].Message), 1000)

	stranger, err := ntfy.New(ntfy.Config{URL: server.URL + "/phone/", Token: token + "x"})
	require.NoError(t, err)
	require.ErrorContains(t, stranger.Send(t.Context(), "alice", channeltest.Message()), "check TOCSIN_NTFY_TOKEN")
}

func TestSequenceFollowsTheKey(t *testing.T) {
	m := channeltest.Message()
	first, _ := publish(t, ntfy.Config{}, m)
	again, _ := publish(t, ntfy.Config{}, m)
	m.Key += "2"
	other, _ := publish(t, ntfy.Config{}, m)
	require.Equal(t, first.Get("X-Sequence-ID"), again.Get("X-Sequence-ID"))
	require.NotEqual(t, first.Get("X-Sequence-ID"), other.Get("X-Sequence-ID"))
}

func TestTopicThatIsNone(t *testing.T) {
	channel, err := ntfy.New(ntfy.Config{URL: "http://127.0.0.1:1"})
	require.NoError(t, err)
	for _, topic := range []string{"", "a b", "a/b", "https://ntfy.example.com/x", strings.Repeat("a", 65)} {
		err := channel.Send(t.Context(), topic, channeltest.Message())
		require.Equal(t, incident.Permanent, incident.KindOf(err), "%q: %v", topic, err)
	}
}

func TestConfirmationWithoutID(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	channel, err := ntfy.New(ntfy.Config{URL: server.URL})
	require.NoError(t, err)
	err = channel.Send(t.Context(), "alice", channeltest.Message())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, url := range []string{"", "ntfy.example.com", "http://host?x=y"} {
		_, err := ntfy.New(ntfy.Config{URL: url})
		require.Equal(t, incident.Invalid, incident.KindOf(err), "%q: %v", url, err)
		require.ErrorContains(t, err, "TOCSIN_NTFY_URL")
	}
}
