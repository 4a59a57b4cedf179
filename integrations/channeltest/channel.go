package channeltest

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
)

// Channel is what is checked here; see activities.Channel.
type Channel interface {
	Send(ctx context.Context, address string, m incident.Message) error
}

// Subject is a channel under test.
type Subject struct {
	// New returns the channel whose requests go to base, an address without a
	// path, and an address to send to.
	New func(t *testing.T, base string) (channel Channel, address string)
	// Accept answers as a receiver that took the message.
	Accept http.HandlerFunc
	// OwesAnswer says that a success with HTML is an error.
	OwesAnswer bool
	// Secrets must appear in no error, beside the address.
	Secrets []string
	// Key is the form in which the message's key is sent; nil is the key itself.
	Key func(key string) string
	// Form says that the body is a form, and the key and the title a part of
	// its values.
	Form bool
	// MayBeRepaired says that a refused sign-in is tried again: for a page it is
	// worth while.
	MayBeRepaired bool
}

// Message returns a page with every field set.
func Message() incident.Message {
	return incident.Message{
		Key:      "INC-1042/page/alice/push/1",
		Incident: "INC-1042",
		Title:    "Checkout fails for half of the customers",
		Body:     "You are on call for shop.\nError rate 48% for 5 minutes.",
		Urgent:   true,
		Severity: "SEV1",
		Service:  "checkout",
		At:       time.Date(2026, 11, 22, 3, 4, 5, 0, time.UTC),
		Links: []incident.MessageLink{
			{Title: "Dashboard", URL: "https://graphs.example.com/d/checkout?from=now-1h&to=now"},
		},
		AckURL:    "https://tocsin.example.com/ack/opaque-ack-token",
		AckAction: "https://tocsin.example.com/ack/opaque-action-token",
	}
}

// Run checks a channel.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("hands a message over with its key", s.handsOver)
	Repairable(t, s.OwesAnswer, s.MayBeRepaired, func(ctx context.Context, t *testing.T, base string) error {
		channel, address := s.New(t, base)
		err := channel.Send(ctx, address, Message())
		NoSecret(t, err, append([]string{address, base, "opaque-"}, s.Secrets...)...)
		return err
	})
}

func (s Subject) handsOver(t *testing.T) {
	var sent atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var head strings.Builder
		_ = r.Header.Write(&head)
		body, _ := io.ReadAll(r.Body)
		if form, err := url.QueryUnescape(string(body)); s.Form && err == nil {
			body = []byte(form)
		}
		sent.Store(head.String() + string(body))
		s.Accept(w, r)
	}))
	defer server.Close()
	channel, address := s.New(t, server.URL)
	m := Message()
	require.NoError(t, channel.Send(t.Context(), address, m))
	want := m.Key
	if s.Key != nil {
		want = s.Key(m.Key)
	}
	require.Contains(t, sent.Load(), want, "the key is not sent")
	require.Contains(t, sent.Load(), m.Title)
}

// NoSecret requires that err, if there is one, holds none of the secrets.
func NoSecret(t *testing.T, err error, secrets ...string) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range secrets {
		require.NotContains(t, err.Error(), strings.TrimPrefix(secret, "http://"), "an error betrays a secret or an address")
	}
}
