package webhook_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
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
	"github.com/tocsinhq/tocsin/integrations/webhook"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

const secret = "a-shared-webhook-secret"

var _ activities.Channel = (*webhook.Channel)(nil)

func TestChannel(t *testing.T) {
	channeltest.Run(t, channeltest.Subject{
		New: func(_ *testing.T, base string) (channeltest.Channel, string) {
			return channel(t, secret), base + "/hooks/secret-path?token=opaque-token"
		},
		Accept:  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		Secrets: []string{secret, "secret-path"},
	})
}

// receiver keeps the last request.
type receiver struct {
	*httptest.Server
	header http.Header
	body   []byte
	path   string
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.header, r.path = req.Header, req.URL.String()
		r.body, _ = io.ReadAll(req.Body)
		_, _ = w.Write([]byte("thanks"))
	}))
	t.Cleanup(r.Close)
	return r
}

func TestBodyIsAsDocumented(t *testing.T) {
	r := newReceiver(t)
	require.NoError(t, channel(t, secret).Send(t.Context(), r.URL+"/a/b?c=d", channeltest.Message()))
	require.Equal(t, "/a/b?c=d", r.path)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	require.Equal(t, "INC-1042/page/alice/push/1", r.header.Get("Idempotency-Key"))
	require.JSONEq(t, `{
		"version": 1,
		"key": "INC-1042/page/alice/push/1",
		"incident": "INC-1042",
		"title": "Checkout fails for half of the customers",
		"body": "You are on call for shop.\nError rate 48% for 5 minutes.",
		"urgent": true,
		"severity": "SEV1",
		"service": "checkout",
		"at": "2026-11-22T03:04:05Z",
		"links": [{"title": "Dashboard", "url": "https://graphs.example.com/d/checkout?from=now-1h&to=now"}],
		"ack_url": "https://tocsin.example.com/ack/opaque-ack-token",
		"ack_action": "https://tocsin.example.com/ack/opaque-action-token"
	}`, string(r.body))
}

func TestNoticeHasNoAck(t *testing.T) {
	r := newReceiver(t)
	notice := incident.Message{Key: "k", Incident: "INC-7", Title: "Acknowledged by bob", At: time.Unix(0, 0)}
	require.NoError(t, channel(t, secret).Send(t.Context(), r.URL, notice))
	require.NotContains(t, string(r.body), "ack_")
}

func TestSignature(t *testing.T) {
	r := newReceiver(t)
	require.NoError(t, channel(t, secret).Send(t.Context(), r.URL, channeltest.Message()))
	seconds, signature, ok := strings.Cut(strings.TrimPrefix(r.header.Get("X-Tocsin-Signature"), "t="), ",v1=")
	require.True(t, ok)
	at, err := strconv.ParseInt(seconds, 10, 64)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), time.Unix(at, 0), time.Minute)
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write(append([]byte(seconds+"."), r.body...))
	require.Equal(t, hex.EncodeToString(mac.Sum(nil)), signature)
}

func TestNothingGoesOutUnsigned(t *testing.T) {
	_, err := webhook.New(webhook.Config{})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.ErrorContains(t, err, "TOCSIN_WEBHOOK_SECRET")
}

func channel(t *testing.T, secret string) *webhook.Channel {
	t.Helper()
	c, err := webhook.New(webhook.Config{Secret: secret})
	require.NoError(t, err)
	return c
}

// TestHook speaks to the stand-in that checks signatures by itself.
func TestHook(t *testing.T) {
	phones, err := phone.New(phone.Config{HookSecret: secret})
	require.NoError(t, err)
	defer phones.Close()
	server := httptest.NewServer(phones)
	defer server.Close()
	for range 2 {
		require.NoError(t, channel(t, secret).Send(t.Context(), server.URL+"/phone/hook/alice", channeltest.Message()))
	}
	hooks := phones.Hooks("alice")
	require.NotEmpty(t, hooks)
	require.Equal(t, "INC-1042/page/alice/push/1", hooks[0].Key)

	err = channel(t, "other").Send(t.Context(), server.URL+"/phone/hook/alice", channeltest.Message())
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "TOCSIN_WEBHOOK_SECRET")
}

func TestAddressThatIsNone(t *testing.T) {
	for _, address := range []string{"", "bob@example.com", "ftp://host/secret-path", "http://", "http://u:secret-path@host", "://secret-path"} {
		err := channel(t, secret).Send(t.Context(), address, channeltest.Message())
		require.Equal(t, incident.Permanent, incident.KindOf(err), "%q: %v", address, err)
		require.ErrorContains(t, err, "correct the webhook in the catalog")
		require.NotContains(t, err.Error(), "secret-path")
	}
}
