package fallback_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/fallback"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/integrations/twilio"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	sandbox "github.com/tocsinhq/tocsin/sandbox/twilio"
)

const alice = "+12025550143"

// account is a provider of SMS, and what sends by it.
func account(t *testing.T) (*sandbox.Server, *twilio.Channel) {
	t.Helper()
	s, err := sandbox.New(sandbox.Config{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	channel, err := twilio.New(twilio.Config{
		URL: server.URL + "/twilio", AccountSID: sandbox.DefaultAccountSID, AuthToken: sandbox.DefaultAuthToken, From: sandbox.DefaultNumber,
	})
	require.NoError(t, err)
	return s, channel
}

// TestTwoAccounts takes the page over from a provider that fails, hangs, or
// does not know its own account.
func TestTwoAccounts(t *testing.T) {
	for name, f := range map[string]fault.Fault{
		"works":             {},
		"is down":           fault.Status(http.StatusBadGateway),
		"drops":             fault.Drop(),
		"refuses to let in": fault.Status(http.StatusUnauthorized),
		"hangs":             fault.Delay(3 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			first, one := account(t)
			second, two := account(t)
			want := [2]int{0, 1}
			if f.Status+int(f.Delay) == 0 && !f.Drop {
				want = [2]int{1, 0}
			} else {
				require.NoError(t, first.Faults.Add("send", f))
			}
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			taken, err := pair(one, two).Deliver(ctx, alice, channeltest.Message())
			require.NoError(t, err)
			require.Equal(t, map[int]string{1: "one", 0: "two"}[want[0]], taken.Provider)
			require.NotEmpty(t, taken.Reference)
			require.Equal(t, want, [2]int{len(first.Messages(alice)), len(second.Messages(alice))})
		})
	}
}

func TestBothAccountsDown(t *testing.T) {
	first, one := account(t)
	second, two := account(t)
	for _, s := range []*sandbox.Server{first, second} {
		require.NoError(t, s.Faults.Add("send", fault.Status(http.StatusServiceUnavailable)))
	}
	c := fallback.New(fallback.Provider{Name: "one", Channel: one}, fallback.Provider{Name: "two", Channel: two})
	err := c.Send(t.Context(), alice, channeltest.Message())
	require.EqualError(t, err, "one: the SMS provider answered 503 Service Unavailable; two: the SMS provider answered 503 Service Unavailable")
	require.NoError(t, c.Send(t.Context(), alice, channeltest.Message()), "and then one is back")
}

// server is a mail server, and what sends by it.
func server(t *testing.T) (*inbox.Server, *mail.Sender) {
	t.Helper()
	s, err := inbox.New(inbox.Config{})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		require.NoError(t, s.Close())
		require.NoError(t, <-served)
	})
	sender, err := mail.New(mail.Config{Addr: l.Addr().String(), TLS: mail.Plain, From: "tocsin@example.com"})
	require.NoError(t, err)
	return s, sender
}

// TestNobodyGetsAMailFromBothServers refuses one recipient of several: the
// others have the mail, and only that one is left to the second server.
func TestNobodyGetsAMailFromBothServers(t *testing.T) {
	first, one := server(t)
	second, two := server(t)
	update := incident.Mail{Key: "k", To: []string{"gone@example.com", "support@example.com"}, Subject: "s", Text: "t"}

	require.NoError(t, first.Faults.Add("rcpt", fault.Status(550)))
	require.NoError(t, fallback.NewMailer(one, two).SendMail(t.Context(), update))
	require.Equal(t, []string{"support@example.com"}, first.Messages(inbox.Query{})[0].To)
	require.Equal(t, []string{"gone@example.com"}, second.Messages(inbox.Query{})[0].To)

	require.NoError(t, first.Faults.Add("rcpt", fault.Status(550)))
	require.NoError(t, second.Faults.Add("rcpt", fault.Status(550)))
	err := fallback.NewMailer(one, two).SendMail(t.Context(), update)
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.EqualError(t, err, "smtp: the mail server refuses 1 of 2 recipients, the others have the mail; "+
		"smtp-second: the mail server refuses the mail: it answered 550")
	require.Len(t, second.Messages(inbox.Query{}), 1)

	require.NoError(t, first.Faults.Add("rcpt", fault.Status(550)))
	require.NoError(t, second.Faults.Add("rcpt", fault.Status(451)))
	err = fallback.NewMailer(one, two).SendMail(t.Context(), update)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "tried again, the others would have it twice")

	update.To = []string{"support@example.com", "no address"}
	err = fallback.NewMailer(one, two).SendMail(t.Context(), update)
	require.EqualError(t, err, "smtp: 1 of 2 recipients are no e-mail addresses, correct the audience in the catalog: the others have the mail")
	require.Len(t, second.Messages(inbox.Query{}), 1, "nothing is left for it")
}
