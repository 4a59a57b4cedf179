package pushover_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/pushover"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/pushover"
)

var (
	_ activities.Channel   = (*pushover.Channel)(nil)
	_ activities.Deliverer = (*pushover.Channel)(nil)
	_ activities.Silencer  = (*pushover.Channel)(nil)
)

const (
	token = "averysecretapplicationtoken000"
	alice = "uAliceAliceAliceAliceAliceAlic"
)

func newChannel(t *testing.T, base string) *pushover.Channel {
	t.Helper()
	channel, err := pushover.New(pushover.Config{URL: base, Token: token})
	require.NoError(t, err)
	return channel
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		New: func(t *testing.T, base string) (channeltest.Channel, string) { return newChannel(t, base), alice },
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"status":1,"request":"r","receipt":"x"}`))
		},
		OwesAnswer: true, Form: true, MayBeRepaired: true, Secrets: []string{token},
	})
}

// phones is the stand-in, and where it is.
func phones(t *testing.T) (*sandbox.Server, string) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{Token: token})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL + "/pushover"
}

func TestAnUrgentPageRings(t *testing.T) {
	s, base := phones(t)
	channel := newChannel(t, base)
	taken, err := channel.Deliver(t.Context(), alice, channeltest.Message())
	require.NoError(t, err)
	got := s.Messages(alice)[0]
	require.Equal(t, incident.HandOver{Provider: "pushover", Reference: got.Receipt, Rings: true}, taken)
	require.Equal(t, "INC-1042 Checkout fails for half of the customers", got.Title)
	require.Equal(t, "SEV1 checkout\nYou are on call for shop.\nError rate 48% for 5 minutes.", got.Message)
	require.Equal(t, 2, got.Priority)
	require.Equal(t, "https://tocsin.example.com/ack/opaque-ack-token", got.URL)
	require.Equal(t, "https://tocsin.example.com/ack/opaque-action-token", got.Callback)
	require.Equal(t, []string{"INC-1042"}, got.Tags)
	require.WithinDuration(t, time.Now().Add(25*time.Minute), got.Expires, time.Minute)
	require.True(t, got.Rings(time.Now()))

	require.NoError(t, channel.Silence(t.Context(), taken))
	require.False(t, s.Messages(alice)[0].Rings(time.Now()))
	require.NoError(t, channel.Silence(t.Context(), taken), "it may be repeated")
	require.NoError(t, s.Faults.Add("cancel", fault.Status(http.StatusBadGateway)))
	require.Equal(t, incident.Unavailable, incident.KindOf(channel.Silence(t.Context(), taken)))
}

func TestWhatWantsNoAnswerDoesNotRing(t *testing.T) {
	for name, change := range map[string]func(*incident.Message){
		"a notice":         func(m *incident.Message) { m.AckURL, m.AckAction = "", "" },
		"an ordinary page": func(m *incident.Message) { m.Urgent = false },
	} {
		t.Run(name, func(t *testing.T) {
			s, base := phones(t)
			m := channeltest.Message()
			change(&m)
			taken, err := newChannel(t, base).Deliver(t.Context(), alice, m)
			require.NoError(t, err)
			require.False(t, taken.Rings)
			require.NotEmpty(t, taken.Reference)
			got := s.Messages(alice)[0]
			require.Zero(t, got.Priority)
			require.Empty(t, got.Callback)
			require.NotEmpty(t, got.URL, "the incident or the page to acknowledge on")
		})
	}
}

func TestWhatPushoverWouldRefuse(t *testing.T) {
	s, base := phones(t)
	m := channeltest.Message()
	m.Title, m.Body = strings.Repeat("ü", 500), strings.Repeat("ü", 5000)
	m.AckURL = "https://tocsin.example.com/" + strings.Repeat("x", 600)
	m.Incident, m.At = "", time.Time{}
	require.NoError(t, newChannel(t, base).Send(t.Context(), alice, m))
	got := s.Messages(alice)[0]
	require.True(t, strings.HasPrefix(got.Title, "ü") && strings.HasSuffix(got.Title, "ü…"))
	require.Len(t, []rune(got.Message), 1024)
	require.Empty(t, got.URL)
	require.True(t, strings.HasSuffix(got.Message, "ü…\nAcknowledge: "+m.AckURL), "the link is the one thing that must arrive")

	m.AckURL = "https://tocsin.example.com/" + strings.Repeat("x", 1024)
	require.NoError(t, newChannel(t, base).Send(t.Context(), alice, m))
	require.Len(t, []rune(s.Messages(alice)[1].Message), 1024)
}

func TestWhatIsRefused(t *testing.T) {
	_, base := phones(t)
	for _, user := range []string{"", "alice", alice + "x", strings.Repeat("-", 30)} {
		err := newChannel(t, base).Send(t.Context(), user, channeltest.Message())
		require.Equal(t, incident.Permanent, incident.KindOf(err), "%q: %v", user, err)
	}
	stranger, err := pushover.New(pushover.Config{URL: base, Token: "guess"})
	require.NoError(t, err)
	err = stranger.Send(t.Context(), alice, channeltest.Message())
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "it may be repaired: %v", err)
	require.ErrorContains(t, err, "check TOCSIN_PUSHOVER_TOKEN")

	unknown := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"user":"invalid","errors":["user key is invalid ` + alice + `"],"status":0}`))
	}))
	defer unknown.Close()
	err = newChannel(t, unknown.URL).Send(t.Context(), alice, channeltest.Message())
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	channeltest.NoSecret(t, err, alice, token, unknown.URL)
}

func TestAnAnswerThatConfirmsNothing(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	require.Equal(t, incident.Unavailable, incident.KindOf(newChannel(t, server.URL).Send(t.Context(), alice, channeltest.Message())))
}

func TestNewRefuses(t *testing.T) {
	_, err := pushover.New(pushover.Config{URL: "pushover", Token: token})
	require.ErrorContains(t, err, "TOCSIN_PUSHOVER_URL")
	_, err = pushover.New(pushover.Config{})
	require.ErrorContains(t, err, "TOCSIN_PUSHOVER_TOKEN")
	_, err = pushover.New(pushover.Config{Token: token})
	require.NoError(t, err)
}
