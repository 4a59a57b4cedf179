package console_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/console"
)

var _ activities.Channel = (*console.Channel)(nil)

func TestSend(t *testing.T) {
	notice := channeltest.Message()
	notice.Urgent, notice.AckURL, notice.Links, notice.Severity = false, "", nil, ""
	ordinary := channeltest.Message()
	ordinary.Urgent = false
	hostile := notice
	hostile.Title, hostile.Body = "\x1b[2Jgone\u009b1m", "a\r\nb\x07"
	tests := map[string]struct {
		m    incident.Message
		want string
	}{
		"urgent page": {channeltest.Message(), `
┌─ URGENT PAGE for alice, 2026-11-22 03:04:05 UTC
│ INC-1042  SEV1  checkout  Checkout fails for half of the customers
│ You are on call for shop.
│ Error rate 48% for 5 minutes.
│ Dashboard: https://graphs.example.com/d/checkout?from=now-1h&to=now
│ Acknowledge: https://tocsin.example.com/ack/opaque-ack-token
└─
`},
		"ordinary page": {ordinary, `
┌─ page for alice, 2026-11-22 03:04:05 UTC
│ INC-1042  SEV1  checkout  Checkout fails for half of the customers
│ You are on call for shop.
│ Error rate 48% for 5 minutes.
│ Dashboard: https://graphs.example.com/d/checkout?from=now-1h&to=now
│ Acknowledge: https://tocsin.example.com/ack/opaque-ack-token
└─
`},
		"notice": {notice, `
┌─ notice for alice, 2026-11-22 03:04:05 UTC
│ INC-1042  checkout  Checkout fails for half of the customers
│ You are on call for shop.
│ Error rate 48% for 5 minutes.
└─
`},
		"nothing that drives a terminal": {hostile, `
┌─ notice for alice, 2026-11-22 03:04:05 UTC
│ INC-1042  checkout  [2Jgone1m
│ a
│ b
└─
`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, console.New(&out).Send(t.Context(), "alice", tt.m))
			require.Equal(t, tt.want, out.String())
		})
	}
}

func TestMessagesDoNotMix(t *testing.T) {
	var out bytes.Buffer
	channel := console.New(&out)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _ = channel.Send(t.Context(), "alice", channeltest.Message()) })
	}
	wg.Wait()
	var once bytes.Buffer
	require.NoError(t, console.New(&once).Send(t.Context(), "alice", channeltest.Message()))
	require.Equal(t, strings.Repeat(once.String(), 20), out.String())
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space on /dev/secret") }

func TestFailures(t *testing.T) {
	err := console.New(broken{}).Send(t.Context(), "alice", channeltest.Message())
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
	require.NotContains(t, err.Error(), "secret")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, console.New(&bytes.Buffer{}).Send(ctx, "alice", channeltest.Message()), context.Canceled)
}
