package mail_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/mail"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
)

const password = "a-secret-smtp-password"

func TestWhatTheServerRefuses(t *testing.T) {
	says := "no mail for <alice@example.com> from a-secret-host"
	tests := map[string]struct {
		op    string
		fault fault.Fault
		kind  incident.Kind
		text  string
	}{
		"recipient, for now":   {"rcpt", fault.Fault{Status: 450, Body: says}, incident.Unavailable, "answered 450"},
		"recipient, for good":  {"rcpt", fault.Fault{Status: 550, Body: says}, incident.Permanent, "refuses the mail: it answered 550"},
		"mail, for now":        {"data", fault.Fault{Status: 451, Body: says}, incident.Unavailable, "answered 451"},
		"mail, for good":       {"data", fault.Fault{Status: 554, Body: says}, incident.Permanent, "answered 554"},
		"no answer":            {"data", fault.Fault{Drop: true}, incident.Unavailable, "cannot be reached: the connection was closed"},
		"accepted, no answer":  {"data", fault.Fault{Drop: true, After: true}, incident.Unavailable, "cannot be reached"},
		"shutting down":        {"rcpt", fault.Fault{Status: 421}, incident.Unavailable, "answered 421"},
		"it wants credentials": {"rcpt", fault.Fault{Status: 530}, incident.Permanent, "check TOCSIN_SMTP_USERNAME"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			box, addr := newInbox(t, inbox.Config{}, nil)
			require.NoError(t, box.Faults.Add(tt.op, tt.fault))
			err := newSender(t, addr, nil).Send(t.Context(), "alice@example.com", channeltest.Message())
			require.Equal(t, tt.kind, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, tt.text)
			channeltest.NoSecret(t, err, "alice@", "secret-host", addr)
		})
	}
}

func TestOneRecipientOfSeveralIsRefused(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	require.NoError(t, box.Faults.Add("rcpt", fault.Fault{Status: 550}))
	err := newSender(t, addr, nil).SendMail(t.Context(), update())
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.EqualError(t, err, "the mail server refuses 1 of 2 recipients, the others have the mail")
	require.Equal(t, []string{"support@example.com"}, box.Messages(inbox.Query{})[0].To)

	require.NoError(t, box.Faults.Add("rcpt", fault.Fault{Status: 451}))
	err = newSender(t, addr, nil).SendMail(t.Context(), update())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.Len(t, box.Messages(inbox.Query{}), 1, "what may be accepted later is not sent in parts")
}

func TestAddressesThatAreNone(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	sender := newSender(t, addr, nil)
	for _, address := range []string{"", "alice", "alice@", "a@b.c, d@e.f", "a@b.c\r\nBcc: d@e.f"} {
		err := sender.Send(t.Context(), address, channeltest.Message())
		require.Equal(t, incident.Permanent, incident.KindOf(err), "%q: %v", address, err)
		require.ErrorContains(t, err, "correct the contact method in the catalog")
	}
	m := update()
	m.To = []string{"no-address", "managers@example.com"}
	err := sender.SendMail(t.Context(), m)
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "1 of 2 recipients are no e-mail addresses")
	require.Len(t, box.Messages(inbox.Query{}), 1)
	m.To = nil
	require.Equal(t, incident.Permanent, incident.KindOf(sender.SendMail(t.Context(), m)))
}

func TestCancelled(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{}, nil)
	hold, err := box.Faults.Hold("data")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	sender := newSender(t, addr, nil)
	go func() { done <- sender.Send(ctx, "alice@example.com", channeltest.Message()) }()
	<-hold.Entered()
	cancel()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, incident.Unavailable, incident.KindOf(err))
	case <-time.After(time.Second):
		require.Fail(t, "sending did not end within a second of being cancelled")
	}
}

func TestServerThatIsAway(t *testing.T) {
	l := listen(t)
	require.NoError(t, l.Close())
	err := newSender(t, l.Addr().String(), nil).SendMail(t.Context(), update())
	require.EqualError(t, err, "the mail server cannot be reached: connection refused")
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestServerThatSaysNothing(t *testing.T) {
	l := listen(t)
	defer func() { _ = l.Close() }()
	sender := newSender(t, l.Addr().String(), func(c *mail.Config) { c.Timeout = 50 * time.Millisecond })
	err := sender.SendMail(t.Context(), update())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.EqualError(t, err, "the mail server did not answer within 50 ms")
}

func TestServerThatIsNone(t *testing.T) {
	l := listen(t)
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\nsecret"))
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	err := newSender(t, l.Addr().String(), nil).SendMail(t.Context(), update())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.NotContains(t, err.Error(), "secret")
}

func TestAuthentication(t *testing.T) {
	box, addr := newInbox(t, inbox.Config{Username: "tocsin", Password: password}, nil)
	login := func(c *mail.Config) { c.Username, c.Password = "tocsin", password }
	require.NoError(t, newSender(t, addr, login).SendMail(t.Context(), update()))
	require.Len(t, box.Messages(inbox.Query{}), 1)

	wrong := func(c *mail.Config) { c.Username, c.Password = "tocsin", password+"x" }
	err := newSender(t, addr, wrong).SendMail(t.Context(), update())
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "answered 535: check TOCSIN_SMTP_USERNAME, TOCSIN_SMTP_PASSWORD")
	channeltest.NoSecret(t, err, password)
	require.Error(t, newSender(t, addr, nil).SendMail(t.Context(), update()))
	require.Len(t, box.Messages(inbox.Query{}), 1)
}

func TestEncryption(t *testing.T) {
	server, trust := certificate(t)
	t.Run("from the first byte", func(t *testing.T) {
		box, addr := newInbox(t, inbox.Config{Username: "tocsin", Password: password}, server)
		sender := newSender(t, addr, func(c *mail.Config) {
			c.TLS, c.Trust, c.Username, c.Password = mail.ImplicitTLS, trust, "tocsin", password
		})
		require.NoError(t, sender.SendMail(t.Context(), update()))
		require.Len(t, box.Messages(inbox.Query{}), 1)
	})
	t.Run("begun", func(t *testing.T) {
		s := &starter{encryption: server, got: make(chan string, 1)}
		sender := newSender(t, s.serve(t), func(c *mail.Config) { c.TLS, c.Trust = "", trust })
		require.NoError(t, sender.SendMail(t.Context(), update()))
		require.Contains(t, <-s.got, "Subject: ")
	})
	t.Run("not trusted", func(t *testing.T) {
		s := &starter{encryption: server, got: make(chan string, 1)}
		err := newSender(t, s.serve(t), func(c *mail.Config) { c.TLS = mail.STARTTLS }).SendMail(t.Context(), update())
		require.EqualError(t, err, "the mail server cannot be reached: its certificate is not trusted")
	})
	t.Run("not offered", func(t *testing.T) {
		box, addr := newInbox(t, inbox.Config{}, nil)
		err := newSender(t, addr, func(c *mail.Config) { c.TLS = mail.STARTTLS }).SendMail(t.Context(), update())
		require.Equal(t, incident.Unavailable, incident.KindOf(err))
		require.ErrorContains(t, err, "check TOCSIN_SMTP_ADDR, TOCSIN_SMTP_TLS")
		require.Empty(t, box.Messages(inbox.Query{}), "nothing is sent in plain text")
	})
}

func TestNewRefuses(t *testing.T) {
	good := mail.Config{Addr: "mail.example.com:587", From: "tocsin@example.com"}
	_, err := mail.New(good)
	require.NoError(t, err)
	tests := map[string]func(*mail.Config){
		"TOCSIN_SMTP_ADDR":                        func(c *mail.Config) { c.Addr = "mail.example.com" },
		"TOCSIN_SMTP_ADDR: write":                 func(c *mail.Config) { c.Addr = "mail.example.com:smtp" },
		"TOCSIN_SMTP_ADDR: the mail client":       func(c *mail.Config) { c.Addr = "mail.example.com:0" },
		"TOCSIN_SMTP_TLS: use starttls, tls or n": func(c *mail.Config) { c.TLS = "yes" },
		"TOCSIN_SMTP_FROM":                        func(c *mail.Config) { c.From = "Tocsin" },
		"the domain of mails":                     func(c *mail.Config) { c.Domain = "a>\r\nX: 1" },
	}
	for says, spoil := range tests {
		bad := good
		spoil(&bad)
		_, err := mail.New(bad)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
		require.ErrorContains(t, err, says)
	}
}
