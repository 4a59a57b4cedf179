package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// ringer is a channel that says what it took, and rings until it is silenced.
type ringer struct {
	err      error
	silenced []string
}

func (r *ringer) Send(context.Context, string, incident.Message) error { return errDead }

func (r *ringer) Deliver(context.Context, string, incident.Message) (incident.HandOver, error) {
	return incident.HandOver{Provider: "bells", Reference: "bell-1", Rings: true}, r.err
}

func (r *ringer) Silence(_ context.Context, h incident.HandOver) error {
	r.silenced = append(r.silenced, h.Provider+" "+h.Reference)
	return r.err
}

func TestTheLedgerKnowsWhoTookAPage(t *testing.T) {
	o := newOutside()
	p := o.pager()
	p.Channels = map[string]activities.Channel{"push": &ringer{}}
	sent, err := p.Page(t.Context(), activities.PageOrder{Key: "k", Incident: "INC-1", Person: "alice", Contact: "phone"})
	require.NoError(t, err)
	require.Equal(t, activities.Sent{At: sent.At, Provider: "bells", Reference: "bell-1", Rings: true}, sent)
	require.Len(t, o.attempts, 1)
	require.Equal(t, "bells", o.attempts[0].Provider)
	require.Equal(t, "bell-1", o.attempts[0].Reference)

	again, err := p.Page(t.Context(), activities.PageOrder{Key: "k", Incident: "INC-1", Person: "alice", Contact: "phone"})
	require.NoError(t, err)
	sent.Before = true
	require.Equal(t, sent, again, "a repeat knows what to silence")

	o.made["other"] = true
	again, err = p.Page(t.Context(), activities.PageOrder{Key: "other", Incident: "INC-1", Person: "alice", Contact: "phone"})
	require.NoError(t, err)
	require.Equal(t, activities.Sent{At: noon, Before: true, Provider: "bells", Reference: "bell-1", Rings: true}, again, "in another process too")

	sent.Before = false
	for key, want := range map[string]activities.Sent{
		"k": sent, "other": {At: noon, Provider: "bells", Reference: "bell-1", Rings: true}, "nobody's": {},
	} {
		before, err := p.Before(t.Context(), key)
		require.NoError(t, err)
		require.Equal(t, want, before, "%s: by this process or another", key)
	}
}

func TestSilence(t *testing.T) {
	p := newOutside().pager()
	r := &ringer{}
	p.Channels["bell"] = r
	order := []activities.Ringing{
		{Kind: "push", Reference: "x"}, {Kind: "gone", Reference: "x"}, {Kind: "bell", Provider: "bells", Reference: "bell-1"},
	}
	require.NoError(t, p.Silence(t.Context(), order), "what cannot be silenced is passed over")
	require.Equal(t, []string{"bells bell-1"}, r.silenced)
	r.err = errDead
	require.NoError(t, p.Silence(t.Context(), order))
	r.err = errAway
	require.ErrorContains(t, p.Silence(t.Context(), order), "away", "it is tried again")
}
