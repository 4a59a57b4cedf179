package fallback_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/fallback"
)

var (
	_ activities.Channel   = (*fallback.Channel)(nil)
	_ activities.Deliverer = (*fallback.Channel)(nil)
	_ activities.Silencer  = (*fallback.Channel)(nil)
	_ activities.Mailer    = (*fallback.Mailer)(nil)
)

// provider answers err, at once or when nobody waits any more.
type provider struct {
	err      error
	hangs    bool
	tried    int
	silenced []string
}

func (p *provider) Send(ctx context.Context, _ string, _ incident.Message) error {
	p.tried++
	if p.hangs {
		<-ctx.Done()
		return incident.Errorf(incident.Unavailable, "was not waited for: %w", ctx.Err())
	}
	return p.err
}

func (p *provider) SendMail(ctx context.Context, m incident.Mail) error {
	return p.Send(ctx, "", incident.Message{Key: m.Key})
}

// traced says what it calls the message that it took.
type traced struct{ provider }

func (p *traced) Deliver(ctx context.Context, address string, m incident.Message) (incident.HandOver, error) {
	return incident.HandOver{Provider: "itself", Reference: "SM1", Rings: true}, p.Send(ctx, address, m)
}

func (p *traced) Silence(_ context.Context, h incident.HandOver) error {
	p.silenced = append(p.silenced, h.Reference)
	return nil
}

func away(after time.Duration) error {
	return &incident.Error{Kind: incident.Unavailable, Message: "is away", RetryAfter: after}
}

var errDead = incident.Errorf(incident.Permanent, "refused for good")

func pair(first, second fallback.Sender) *fallback.Channel {
	return fallback.New(fallback.Provider{Name: "one", Channel: first}, fallback.Provider{Name: "two", Channel: second})
}

func TestTheFirstTakesItAlone(t *testing.T) {
	first, second := &traced{}, &provider{}
	got, err := pair(first, second).Deliver(t.Context(), "a", incident.Message{})
	require.NoError(t, err)
	require.Equal(t, incident.HandOver{Provider: "one", Reference: "SM1", Rings: true}, got)
	require.Zero(t, second.tried)
}

func TestTheSecondTakesOver(t *testing.T) {
	for name, err := range map[string]error{"away": away(0), "refuses": errDead, "unknown": errors.New("boom")} {
		t.Run(name, func(t *testing.T) {
			first, second := &traced{provider{err: err}}, &provider{}
			got, err := pair(first, second).Deliver(t.Context(), "a", incident.Message{})
			require.NoError(t, err)
			require.Equal(t, incident.HandOver{Provider: "two"}, got, "nothing of the one that failed")
			require.NoError(t, pair(first, second).Send(t.Context(), "a", incident.Message{}))
			require.Equal(t, 2, second.tried)
		})
	}
}

func TestOneThatHangsHasHalfTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		got, err := pair(&provider{hangs: true}, &provider{}).Deliver(ctx, "a", incident.Message{})
		require.NoError(t, err)
		require.Equal(t, "two", got.Provider)
		require.Equal(t, time.Second, time.Since(began))
	})
}

func TestWithoutALimitThereIsOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := pair(&provider{hangs: true}, &provider{hangs: true}).Deliver(context.Background(), "a", incident.Message{})
		require.Equal(t, incident.Unavailable, incident.KindOf(err))
		require.EqualError(t, err, "one: did not answer in its share of the time; two: did not answer in its share of the time")
		require.NotErrorIs(t, err, context.DeadlineExceeded, "it is tried again")
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestWhoeverIsNotWaitedForTriesNobodyElse(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	second := &provider{}
	_, err := pair(&provider{hangs: true}, second).Deliver(ctx, "a", incident.Message{})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, second.tried)
}

func TestWhatItSaysWhenNobodyTakesIt(t *testing.T) {
	for name, test := range map[string]struct {
		one, two error
		kind     incident.Kind
		wait     time.Duration
		says     string
	}{
		"both refuse":     {errDead, errDead, incident.Permanent, 0, "one: refused for good; two: refused for good"},
		"one is away":     {errDead, away(0), incident.Unavailable, 0, "one: refused for good; two: is away"},
		"both are busy":   {away(time.Minute), away(time.Hour), incident.Unavailable, time.Minute, "one: is away; two: is away"},
		"one may be free": {away(time.Minute), away(0), incident.Unavailable, 0, "one: is away; two: is away"},
		"only one counts": {errDead, away(time.Minute), incident.Unavailable, time.Minute, "one: refused for good; two: is away"},
		"unknown":         {errDead, errors.New("to alice@example.org"), incident.Unavailable, 0, "one: refused for good; two: unexpected error (*errors.errorString)"},
	} {
		t.Run(name, func(t *testing.T) {
			err := pair(&provider{err: test.one}, &provider{err: test.two}).Send(t.Context(), "a", incident.Message{})
			known, ok := errors.AsType[*incident.Error](err)
			require.True(t, ok)
			require.Equal(t, test.kind, known.Kind)
			require.Equal(t, test.wait, known.RetryAfter)
			require.Equal(t, test.says, known.Message)
		})
	}
}

func TestSilenceReachesWhoTookIt(t *testing.T) {
	first, second := &traced{}, &traced{}
	c := pair(first, second)
	require.NoError(t, c.Silence(t.Context(), incident.HandOver{Provider: "two", Reference: "r"}))
	require.NoError(t, c.Silence(t.Context(), incident.HandOver{Provider: "gone", Reference: "r"}))
	require.Empty(t, first.silenced)
	require.Equal(t, []string{"r"}, second.silenced)
}

func TestMailGoesByTheSecondServer(t *testing.T) {
	second := &provider{}
	require.NoError(t, fallback.NewMailer(&provider{err: away(0)}, second).SendMail(t.Context(), incident.Mail{}))
	require.Equal(t, 1, second.tried)
}
