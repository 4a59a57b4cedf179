package twilio_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/twilio"
	sandbox "github.com/tocsinhq/tocsin/sandbox/twilio"
	"github.com/tocsinhq/tocsin/sandbox/twilio/twiliocontract"
)

var (
	_ activities.Channel   = (*twilio.Channel)(nil)
	_ activities.Deliverer = (*twilio.Channel)(nil)
)

const (
	token = "a-very-secret-auth-token"
	alice = "+12025550143"
)

func config(base string) twilio.Config {
	return twilio.Config{
		URL: base, AccountSID: sandbox.DefaultAccountSID, AuthToken: token, From: sandbox.DefaultNumber,
		StatusURL: "https://tocsin.example.com/v1/webhooks/twilio/status", Replies: true,
	}
}

func newChannel(t *testing.T, c twilio.Config) *twilio.Channel {
	t.Helper()
	channel, err := twilio.New(c)
	require.NoError(t, err)
	return channel
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		New: func(t *testing.T, base string) (channeltest.Channel, string) {
			return newChannel(t, config(base)), alice
		},
		Accept: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"sid":"SM00000000000000000000000000000001"}`))
		},
		OwesAnswer: true, Form: true, MayBeRepaired: true, Secrets: []string{token, alice[1:], sandbox.DefaultAccountSID},
		Key: func(key string) string { return base64.RawURLEncoding.EncodeToString([]byte(key)) },
	})
}

// provider is the stand-in, held against what Twilio publishes.
func provider(t *testing.T, c sandbox.Config) (*sandbox.Server, string) {
	t.Helper()
	s, err := sandbox.New(c)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	server := httptest.NewServer(twiliocontract.Check(t, "/twilio", s))
	t.Cleanup(server.Close)
	return s, server.URL + "/twilio"
}

func TestAPageArrives(t *testing.T) {
	s, base := provider(t, sandbox.Config{AuthToken: token})
	c := config(base)
	c.StatusURL = ""
	taken, err := newChannel(t, c).Deliver(t.Context(), alice, channeltest.Message())
	require.NoError(t, err)
	got := s.Messages(alice)
	require.Len(t, got, 1)
	require.Equal(t, incident.HandOver{Provider: "twilio", Reference: got[0].SID}, taken)
	require.Equal(t, sandbox.DefaultNumber, got[0].From)
	require.Equal(t, "INC-1042 SEV1 checkout: Checkout fails for half of the customers. You are on call for shop. "+
		"Error rate 48% for 5 minutes. Reply ACK 1042 to acknowledge, NO 1042 to decline.", got[0].Body)
}

func TestAMessagingServiceChoosesTheSender(t *testing.T) {
	s, base := provider(t, sandbox.Config{AuthToken: token})
	c := config(base)
	c.From = "MG0123456789abcdef0123456789abcdef"
	require.NoError(t, newChannel(t, c).Send(t.Context(), alice, channeltest.Message()))
	require.Len(t, s.Messages(alice), 1)
	require.Regexp(t, `^https://tocsin.example.com/v1/webhooks/twilio/status\?page=[A-Za-z0-9_-]+$`, s.Messages(alice)[0].Callback)
}

func TestWhatIsRefused(t *testing.T) {
	s, base := provider(t, sandbox.Config{AuthToken: token})
	_, err := s.Reply(t.Context(), "+12025550144", "STOP")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		to     string
		change func(*twilio.Config)
		kind   incident.Kind
		says   string
	}{
		"no number":         {"+15005550001", nil, incident.Permanent, "error 21211"},
		"a land line":       {"+15005550009", nil, incident.Permanent, "the number gets no SMS (error 21614)"},
		"unsubscribed":      {"+12025550144", nil, incident.Permanent, "they must text START"},
		"not E.164":         {"0301234567", nil, incident.Permanent, "write it as in"},
		"somebody's number": {alice, func(c *twilio.Config) { c.From = "+12025550999" }, incident.Unavailable, "correct TOCSIN_TWILIO_FROM"},
		"wrong token":       {alice, func(c *twilio.Config) { c.AuthToken = "guess" }, incident.Unavailable, "check TOCSIN_TWILIO_ACCOUNT_SID"},
	} {
		t.Run(name, func(t *testing.T) {
			c := config(base)
			if test.change != nil {
				test.change(&c)
			}
			err := newChannel(t, c).Send(t.Context(), test.to, channeltest.Message())
			require.Equal(t, test.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, test.says)
			channeltest.NoSecret(t, err, test.to[1:], c.From[1:], c.AuthToken, base)
		})
	}
}

func TestProbe(t *testing.T) {
	_, base := provider(t, sandbox.Config{AuthToken: token})
	require.NoError(t, newChannel(t, config(base)).Probe(t.Context()))
	c := config(base)
	c.AuthToken = "guess"
	require.ErrorContains(t, newChannel(t, c).Probe(t.Context()), "TOCSIN_TWILIO_AUTH_TOKEN")
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*twilio.Config){
		"TOCSIN_TWILIO_URL":         func(c *twilio.Config) { c.URL = "twilio" },
		"TOCSIN_TWILIO_ACCOUNT_SID": func(c *twilio.Config) { c.AccountSID = "SK1" },
		"TOCSIN_TWILIO_AUTH_TOKEN":  func(c *twilio.Config) { c.AuthToken = "" },
		"TOCSIN_TWILIO_FROM":        func(c *twilio.Config) { c.From = "Tocsin" },
	} {
		c := config("")
		change(&c)
		_, err := twilio.New(c)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
		require.ErrorContains(t, err, name)
	}
	_, err := twilio.New(config(""))
	require.NoError(t, err)
}

// written returns the text that arrives of a message.
func written(t *testing.T, c twilio.Config, m incident.Message) string {
	t.Helper()
	s, base := provider(t, sandbox.Config{AuthToken: token})
	c.URL, c.StatusURL = base, ""
	require.NoError(t, newChannel(t, c).Send(t.Context(), alice, m))
	return s.Messages(alice)[0].Body
}

func TestALongPageKeepsItsHint(t *testing.T) {
	for name, test := range map[string]struct {
		filler    string
		units     int
		hasToHave string
	}{
		"plain":         {"disk full on db-1 ", 3 * 153, "Reply ACK 1042 to acknowledge"},
		"double":        {"{[~]}", 3 * 153, "Reply ACK 1042 to acknowledge"},
		"not plain":     {"Datenträger voll – ", 3 * 67, "Reply ACK 1042 to acknowledge"},
		"beyond 16 bit": {"🔥", 3 * 67, "Reply ACK 1042 to acknowledge"},
	} {
		t.Run(name, func(t *testing.T) {
			m := channeltest.Message()
			m.Title, m.Body = strings.Repeat(test.filler, 100), "b"
			text := written(t, config(""), m)
			require.Contains(t, text, test.hasToHave)
			require.Contains(t, text, "... ")
			units := len([]rune(text))
			if test.filler == "🔥" {
				units += strings.Count(text, "🔥")
			}
			if test.filler == "{[~]}" {
				units += strings.Count(text, "{") * 5
			}
			require.LessOrEqual(t, units, test.units, text)
			require.Greater(t, units, test.units*8/10, text)
		})
	}
}

func TestWhatIsNotToBeAnsweredHasNoHint(t *testing.T) {
	m := channeltest.Message()
	m.AckURL, m.AckAction, m.Severity = "", "", ""
	m.Body = "bob\r\n\tacknowledged\x00."
	require.Equal(t, "INC-1042 checkout: Checkout fails for half of the customers. bob acknowledged .", written(t, config(""), m))
}

func TestWhatIsOfNoIncidentBeginsWithItsTitle(t *testing.T) {
	require.Equal(t, "Your code is 123456. It works for ten minutes.",
		written(t, config(""), incident.Message{Key: "k", Title: "Your code is 123456.", Body: "It works for ten minutes."}))
}

func TestSeveralPagesInOneAreAcknowledgedByTheirLink(t *testing.T) {
	m := channeltest.Message()
	m.Key, m.Title, m.Body = "bundle/0123", "and one more incident page you", "INC-1042 SEV1 pay: it fails\nINC-1043 SEV1 pay: so does it\n"
	require.Equal(t, "INC-1042 and one more incident page you: INC-1042 SEV1 pay: it fails; INC-1043 SEV1 pay: so does it. Acknowledge all: https://tocsin.example.com/ack/opaque-ack-token",
		written(t, config(""), m))
}

func TestWithoutRepliesThereIsTheLink(t *testing.T) {
	c := config("")
	c.Replies = false
	text := written(t, c, channeltest.Message())
	require.True(t, strings.HasSuffix(text, " Acknowledge: https://tocsin.example.com/ack/opaque-ack-token"), text)
}

func TestAPageIsWorthMoreThanItsReceipt(t *testing.T) {
	s, base := provider(t, sandbox.Config{AuthToken: token})
	c := config(base)
	c.StatusURL = "http://localhost:8080/v1/webhooks/twilio/status"
	taken, err := newChannel(t, c).Deliver(t.Context(), alice, channeltest.Message())
	require.NoError(t, err, "Twilio refuses to call that address")
	require.Equal(t, s.Messages(alice)[0].SID, taken.Reference)
	require.Empty(t, s.Messages(alice)[0].Callback)
}

func TestAnAnswerWithoutSIDIsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	err := newChannel(t, config(server.URL)).Send(t.Context(), alice, channeltest.Message())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.ErrorContains(t, newChannel(t, config(server.URL)).Probe(t.Context()), "not active")
}

func TestReceiptsComeSigned(t *testing.T) {
	got := make(chan twilio.Status, 10)
	accounts := twilio.Accounts{sandbox.DefaultAccountSID: {token}}
	var receiver *httptest.Server
	receiver = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, err := accounts.Status(hook(t, receiver.URL, r))
		if err != nil {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		got <- status
	}))
	defer receiver.Close()
	s, base := provider(t, sandbox.Config{AuthToken: token})
	c := config(base)
	c.StatusURL = receiver.URL + "/status"
	taken, err := newChannel(t, c).Deliver(t.Context(), alice, channeltest.Message())
	require.NoError(t, err)
	want := twilio.Status{Reference: taken.Reference, State: "sent", Page: channeltest.Message().Key}
	require.Equal(t, want, <-got)
	want.State = "delivered"
	require.Equal(t, want, <-got)
	require.Eventually(t, func() bool { return len(s.Messages(alice)[0].Receipts) == 2 }, 5*time.Second, time.Millisecond)
	require.Equal(t, "delivered", s.Messages(alice)[0].Status)

	require.NoError(t, s.Switch(alice, false))
	_, err = newChannel(t, c).Deliver(t.Context(), alice, channeltest.Message())
	require.NoError(t, err)
	require.False(t, (<-got).Over())
	status := <-got
	require.True(t, status.Over() && status.Failed())
	require.Equal(t, "the SMS was not delivered: the phone is off, out of reach or does not exist (error 30003)", status.Reason)
}

// hook reads a request as the API does.
func hook(t *testing.T, base string, r *http.Request) twilio.Webhook {
	t.Helper()
	body := make([]byte, r.ContentLength)
	n, _ := r.Body.Read(body)
	require.Equal(t, r.ContentLength, int64(n), strconv.Itoa(n))
	return twilio.Webhook{URL: base + r.RequestURI, Signature: r.Header.Get(twilio.SignatureHeader), Body: body}
}
