package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// flappy is a delivery that counts what cleared by itself within half an hour.
func flappy(n int) store.Claim {
	c := firing("Errors")
	c.At, c.Lately, c.Urgent = noon().Add(time.Duration(n)*time.Minute), 30*time.Minute, true
	c.Alerts[0].StartsAt = c.At
	return c
}

// ended claims the key, and records that its incident has paged somebody and
// ended; change says what else became of it.
func ended(t *testing.T, s *store.Store, n int, change ...func(*incident.Incident, *incident.Page)) store.Claimed {
	t.Helper()
	out := claim(t, s, flappy(n))
	require.True(t, out.New)
	i, p := someIncident(out.Number), page(out.Number+"/page", incident.PageSent)
	i.Phase, i.HoldsKey, p.Sent = incident.Transient, false, noon()
	for _, f := range change {
		f(i, &p)
	}
	require.NoError(t, s.Record(t.Context(), activities.Batch{
		Number: i.Number, Epoch: "run-1", Incident: i, Pages: []incident.Page{p}, Decided: decided(i), Ordinal: i.Revision,
	}))
	return out
}

func TestAClaimCountsWhatClearedByItselfOfLate(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n := range 3 {
			out := ended(t, s, n)
			require.Equal(t, n, out.Cleared)
			require.Equal(t, n > 0, out.Recurs == fmt.Sprint("INC-", n))
		}
		fourth := claim(t, s, flappy(3))
		require.Equal(t, 3, fourth.Cleared)
		require.Equal(t, "INC-3", fourth.Recurs)
		joined := claim(t, s, flappy(4))
		require.Equal(t, "INC-4", joined.Number)
		require.Zero(t, joined.Cleared, "only what opens one is told")

		rows, err := s.WaitingFor(t.Context(), "INC-4")
		require.NoError(t, err)
		require.Equal(t, 3, rows[0].Cleared, "whoever starts it after a crash knows it too")
		require.NoError(t, s.Release(t.Context(), "INC-4", "gone"))
		require.Zero(t, claim(t, s, flappy(5)).Cleared, "the last one ended otherwise")

		other := flappy(6)
		other.Service = "search"
		require.Zero(t, claim(t, s, other).Cleared)
	})
}

func TestWhatDoesNotCountAsClearedByItself(t *testing.T) {
	t.Parallel()
	type change = func(*incident.Incident, *incident.Page)
	for name, test := range map[string]struct {
		second change
		claim  func(*store.Claim)
		want   int
	}{
		"counts":          {want: 2},
		"nobody was told": {second: func(_ *incident.Incident, p *incident.Page) { p.State, p.Sent = incident.PageSuperseded, time.Time{} }, want: 1},
		"less urgent":     {second: func(i *incident.Incident, _ *incident.Page) { i.Urgency = catalog.Ordinary }, want: 1},
		"as urgent":       {second: func(i *incident.Incident, _ *incident.Page) { i.Urgency = catalog.Ordinary }, claim: func(c *store.Claim) { c.Urgent = false }, want: 2},
		"resolved":        {second: func(i *incident.Incident, _ *incident.Page) { i.Phase = incident.Resolved }},
		"cancelled":       {second: func(i *incident.Incident, _ *incident.Page) { i.Phase = incident.Cancelled }},
		"one long ago":    {claim: func(c *store.Claim) { c.At = c.At.Add(28 * time.Minute) }, want: 1},
		"both long ago":   {claim: func(c *store.Claim) { c.At = c.At.Add(time.Hour) }},
		"not asked":       {claim: func(c *store.Claim) { c.Lately = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				ended(t, s, 0)
				if test.second == nil {
					test.second = func(*incident.Incident, *incident.Page) {}
				}
				ended(t, s, 1, test.second)
				c := flappy(2)
				if test.claim != nil {
					test.claim(&c)
				}
				out := claim(t, s, c)
				require.True(t, out.New)
				require.Equal(t, "INC-2", out.Recurs)
				require.Equal(t, test.want, out.Cleared)
			})
		})
	}
}

func TestAStormDoesNotCountTheKeysThatItTakesIn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ended(t, s, 0)
		c := flappy(0)
		c.StormLimit = 1
		storm := claim(t, s, c)
		require.True(t, storm.Storm)
		require.Zero(t, storm.Cleared)
	})
}
