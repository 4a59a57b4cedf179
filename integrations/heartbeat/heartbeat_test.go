package heartbeat_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/heartbeat"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// page is the page of the beat of a moment.
func page(at time.Time) incident.Message {
	m := channeltest.Message()
	m.Incident = incident.BeatNumber(at)
	m.Key = m.Incident + "/alert-1/r0/l0/tocsin-watchdog/heartbeat"
	return m
}

func channel(t *testing.T, url string) *heartbeat.Channel {
	t.Helper()
	c, err := heartbeat.New(heartbeat.Config{URL: url, Timeout: time.Second, Now: func() time.Time { return noon }})
	require.NoError(t, err)
	return c
}

func TestBadAnswers(t *testing.T) {
	channeltest.Failures(t, false, func(ctx context.Context, t *testing.T, base string) error {
		c := channel(t, base+"/ping/very-secret")
		err := c.Send(ctx, "", page(noon))
		channeltest.NoSecret(t, err, base, "very-secret")
		require.Equal(t, err == nil, !c.Last().IsZero())
		return err
	})
}

func TestOnlyThePageOfAFreshBeatFeeds(t *testing.T) {
	var calls []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls = append(calls, r.Method+" "+r.URL.Path)
		_, _ = w.Write([]byte("OK"))
	}))
	defer server.Close()
	c := channel(t, server.URL+"/ping/secret")
	require.True(t, c.Last().IsZero())

	notice, other := page(noon), page(noon)
	notice.AckURL = ""
	other.Incident = "INC-7"
	for what, m := range map[string]incident.Message{
		"a notice": notice, "another incident": other, "a test page": {Incident: "test", AckURL: "x"},
		"a beat that is late": page(noon.Add(-incident.BeatFresh - time.Second)),
	} {
		require.Equal(t, incident.Permanent, incident.KindOf(c.Send(t.Context(), "", m)), what)
	}
	require.Empty(t, calls)
	require.True(t, c.Last().IsZero())

	require.NoError(t, c.Send(t.Context(), "", page(noon.Add(-incident.BeatFresh))))
	require.Equal(t, []string{"GET /ping/secret"}, calls)
	require.Equal(t, noon, c.Last())
}

func TestNewRefusesWhatIsNoAddress(t *testing.T) {
	for _, url := range []string{"", "secret", "ftp://secret.example.org", "https://", "https://user:secret@example.org/"} {
		_, err := heartbeat.New(heartbeat.Config{URL: url})
		require.Equal(t, incident.Invalid, incident.KindOf(err), url)
		require.ErrorContains(t, err, "TOCSIN_WATCHDOG_URL")
		require.NotContains(t, err.Error(), "secret")
	}
}
