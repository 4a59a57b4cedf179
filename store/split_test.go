package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// order splits alerts off INC-1.
func order(list ...alerts.Alert) activities.SplitOrder {
	o := activities.SplitOrder{
		From: "INC-1", ID: "split-1", Service: "checkout", Team: "payments", Key: `alertname="Errors"`, Title: "its own", At: noon(),
	}
	for _, a := range list {
		o.Alerts = append(o.Alerts, a.Fingerprint)
	}
	return o
}

// splitOff makes an incident of alerts of INC-1.
func splitOff(t *testing.T, s *store.Store, o activities.SplitOrder) activities.SplitOff {
	t.Helper()
	off, err := s.TakeSplit(t.Context(), o)
	require.NoError(t, err)
	o.Number = off.Number
	for range 2 { // it may be repeated
		require.NoError(t, s.MoveSplit(t.Context(), o))
	}
	return off
}

func TestSplit(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		web, db := host("web", alerts.Firing, noon()), host("db", alerts.Firing, noon())
		claim(t, s, hosts(web, db))
		recorded(t, s, "INC-1", 1, keeps)
		o := order(db)
		off, err := s.TakeSplit(ctx, o)
		require.NoError(t, err)
		again, err := s.TakeSplit(ctx, o)
		require.NoError(t, err)
		require.Equal(t, off, again, "one split takes one number")
		require.Equal(t, "INC-2", off.Number)
		require.Equal(t, `alertname="Errors"/INC-2`, off.Key)
		require.Equal(t, "checkout", off.Service)
		require.Equal(t, []alerts.Alert{db}, off.Alerts)
		require.Equal(t, "INC-1", claim(t, s, hosts(db)).Number, "nothing has moved yet")

		splitOff(t, s, o)
		recorded(t, s, "INC-2", 1, func(i *incident.Incident) { i.SplitFrom, i.HoldsKey = "INC-1", true })
		overlay, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, overlay.Splits, 1)
		require.Equal(t, off.Key, overlay.Splits[0].To)
		require.Equal(t, db.Fingerprint, overlay.Splits[0].Fingerprint)

		moved := hosts(db)
		moved.Key = off.Key
		moved.Alerts[0].Status, moved.Alerts[0].EndsAt = alerts.Resolved, noon().Add(time.Minute)
		got := claim(t, s, moved)
		require.Equal(t, "INC-2", got.Number)
		require.True(t, got.Started)
		require.Len(t, got.News, 1, "the last word went along")
		require.Equal(t, "INC-3", claim(t, s, firing("other")).Number)

		version := overlay.Version
		recorded(t, s, "INC-2", 2, func(i *incident.Incident) { i.SplitFrom, i.HoldsKey, i.Phase = "INC-1", false, incident.Resolved })
		overlay, err = s.Overlay(ctx)
		require.NoError(t, err)
		require.Empty(t, overlay.Splits, "when it is over its split goes")
		require.Greater(t, overlay.Version, version)
		recorded(t, s, "INC-2", 3, func(i *incident.Incident) { i.SplitFrom, i.HoldsKey, i.Phase = "INC-1", true, incident.Mitigating })
		overlay, err = s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, overlay.Splits, 1, "and comes back with a relapse")
		require.NoError(t, s.Release(ctx, "INC-2", "its workflow is gone"))
		overlay, err = s.Overlay(ctx)
		require.NoError(t, err)
		require.Empty(t, overlay.Splits)
		removed, err := s.Purge(ctx, time.Now().Add(31*24*time.Hour))
		require.NoError(t, err)
		require.Positive(t, removed)
		recorded(t, s, "INC-2", 4, func(i *incident.Incident) { i.SplitFrom, i.HoldsKey = "INC-1", true })
		overlay, err = s.Overlay(ctx)
		require.NoError(t, err)
		require.Empty(t, overlay.Splits, "what was purged does not come back")
	})
}

func TestSplitOfASplitAndBackAgain(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		one, two, three := host("one", alerts.Firing, noon()), host("two", alerts.Firing, noon()), host("three", alerts.Firing, noon())
		claim(t, s, hosts(one, two, three))
		recorded(t, s, "INC-1", 1, keeps)
		first := splitOff(t, s, order(two, three))
		o := order(three)
		o.From, o.Key = first.Number, first.Key
		second := splitOff(t, s, o)
		keys := func() map[string]string {
			overlay, err := s.Overlay(ctx)
			require.NoError(t, err)
			out := map[string]string{}
			for _, split := range overlay.Splits {
				require.Equal(t, `alertname="Errors"`, split.Key, "as the labels say")
				out[split.Fingerprint] = split.To
			}
			return out
		}
		require.Equal(t, map[string]string{two.Fingerprint: first.Key, three.Fingerprint: second.Key}, keys())

		recorded(t, s, second.Number, 1, func(i *incident.Incident) { mergedInto("INC-1")(i); i.SplitFrom = first.Number })
		require.Len(t, keys(), 2, "the one that goes on keeps the split")
		c := hosts(three)
		c.Key = second.Key
		require.Equal(t, "INC-1", claim(t, s, c).Number)
		recorded(t, s, "INC-1", 2, func(i *incident.Incident) {
			i.Phase, i.HoldsKey, i.Absorbed = incident.Closed, false, []incident.Absorbed{{Number: second.Number}}
		})
		require.Equal(t, map[string]string{two.Fingerprint: first.Key}, keys())
	})
}

func TestSplitTakesTheServiceOfItsAlerts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		claim(t, s, hosts(host("web", alerts.Firing, noon())))
		elsewhere := firing("Slow")
		elsewhere.Service = "search"
		claim(t, s, elsewhere)
		recorded(t, s, "INC-1", 1, keeps)
		recorded(t, s, "INC-2", 1, mergedInto("INC-1"))
		off := splitOff(t, s, order(elsewhere.Alerts[0], host("unheard of", alerts.Firing, noon())))
		require.Equal(t, "search", off.Service, "a merge is undone")
		require.Equal(t, `alertname="Slow"/INC-3`, off.Key)
		require.Len(t, off.Alerts, 1)
		overlay, err := s.Overlay(t.Context())
		require.NoError(t, err)
		require.Len(t, overlay.Splits, 2, "what the database was not told of has the incident's own key")
	})
}

func TestSplitWhoseIncidentIsOverMovesNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		web, db := host("web", alerts.Firing, noon()), host("db", alerts.Firing, noon())
		claim(t, s, hosts(web, db))
		o := order(db)
		off, err := s.TakeSplit(t.Context(), o)
		require.NoError(t, err)
		recorded(t, s, off.Number, 1, func(i *incident.Incident) { i.Phase, i.HoldsKey = incident.Transient, false })
		o.Number = off.Number
		require.NoError(t, s.MoveSplit(t.Context(), o))
		require.Equal(t, "INC-1", claim(t, s, hosts(db)).Number)
	})
}
