package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func someSilence(id string, change ...func(*catalog.Silence)) catalog.Silence {
	now := noon().Truncate(time.Microsecond)
	s := catalog.Silence{
		ID: id, Kind: catalog.Maintenance, Service: "checkout", Matchers: []string{`a="1"`}, When: `labels.b == "2"`,
		From: now, Until: now.Add(time.Hour), Recurring: []oncall.Window{{Days: []string{"monday"}, From: "09:00", Until: "10:00"}},
		Zone: "Europe/Berlin", Reason: "r", Owner: "ana", By: "ben", Created: now,
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func TestSilencesAreKeptAndEnded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		one := someSilence("s-1", func(v *catalog.Silence) { v.Until = time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond) })
		old := someSilence("s-0", func(v *catalog.Silence) { v.Until = time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond) })
		require.NoError(t, s.AddSilence(t.Context(), one))
		require.NoError(t, s.AddSilence(t.Context(), old))
		require.Equal(t, incident.Conflict, incident.KindOf(s.AddSilence(t.Context(), one)))
		got, err := s.Silence(t.Context(), "s-1")
		require.NoError(t, err)
		require.Equal(t, one, got)
		_, err = s.Silence(t.Context(), "s-9")
		require.Equal(t, incident.NotFound, incident.KindOf(err))

		o, err := s.Overlay(t.Context())
		require.NoError(t, err)
		require.Equal(t, []catalog.Silence{one}, o.Silences, "what is over is in force nowhere")
		require.Equal(t, int64(2), o.Version)

		ended := time.Now().UTC().Truncate(time.Microsecond)
		require.NoError(t, s.EndSilence(t.Context(), "s-1", "ben", ended))
		require.NoError(t, s.EndSilence(t.Context(), "s-1", "cat", ended.Add(time.Hour)))
		require.Equal(t, incident.NotFound, incident.KindOf(s.EndSilence(t.Context(), "s-9", "ben", ended)))
		got, err = s.Silence(t.Context(), "s-1")
		require.NoError(t, err)
		require.Equal(t, ended, got.Ended, "the first end counts")
	})
}

func TestSilencesAreListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		require.NoError(t, s.AddSilence(t.Context(), someSilence("s-1")))
		require.NoError(t, s.AddSilence(t.Context(), someSilence("s-2", func(v *catalog.Silence) { v.Owner, v.Kind = "ben", catalog.PlainSilence })))
		require.NoError(t, s.AddSilence(t.Context(), someSilence("s-3", func(v *catalog.Silence) { v.Ended = at.Add(time.Minute) })))
		tests := map[string]struct {
			filter store.SilenceFilter
			want   []string
		}{
			"all":      {store.SilenceFilter{}, []string{"s-1", "s-2", "s-3"}},
			"owner":    {store.SilenceFilter{Owner: "ben"}, []string{"s-2"}},
			"kind":     {store.SilenceFilter{Kind: catalog.Maintenance}, []string{"s-1", "s-3"}},
			"not over": {store.SilenceFilter{After: at.Add(30 * time.Minute)}, []string{"s-1", "s-2"}},
		}
		for name, test := range tests {
			list, next, err := s.Silences(t.Context(), test.filter)
			require.NoError(t, err, name)
			require.Empty(t, next)
			require.Equal(t, test.want, ids(list), name)
		}
		first, next, err := s.Silences(t.Context(), store.SilenceFilter{Limit: 2})
		require.NoError(t, err)
		rest, _, err := s.Silences(t.Context(), store.SilenceFilter{Limit: 2, Cursor: next})
		require.NoError(t, err)
		require.Equal(t, []string{"s-1", "s-2", "s-3"}, append(ids(first), ids(rest)...))
	})
}

func ids(list []catalog.Silence) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.ID)
	}
	return out
}

func TestOwnersAreToldOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		one := someSilence("s-1")
		require.NoError(t, s.AddSilence(t.Context(), one))
		list, err := s.EndedSilences(t.Context(), at, 10)
		require.NoError(t, err)
		require.Empty(t, list)
		later := at.Add(2 * time.Hour)
		list, err = s.EndedSilences(t.Context(), later, 10)
		require.NoError(t, err)
		require.Equal(t, []string{"s-1"}, ids(list))
		for range 2 {
			require.NoError(t, s.WarnSilence(t.Context(), one, "soon", at))
		}
		due, err := s.DueNotices(t.Context(), at, 10)
		require.NoError(t, err)
		require.Len(t, due, 1)
		require.Equal(t, "soon", due[0].Body)
		for range 2 {
			require.NoError(t, s.TellSilence(t.Context(), one, "over", later))
		}
		list, err = s.EndedSilences(t.Context(), later, 10)
		require.NoError(t, err)
		require.Empty(t, list)
		due, err = s.DueNotices(t.Context(), later, 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "nobody is told after the end that it is about to come")
		require.Equal(t, "over", due[0].Body)
		require.Equal(t, "ana", due[0].Person)
	})
}

func suppressed(fingerprint, by string) alerts.Alert {
	return alerts.Alert{
		Status: alerts.Firing, Fingerprint: fingerprint, StartsAt: noon(), Labels: map[string]string{"alertname": fingerprint}, Suppressed: by,
	}
}

func TestWhatFiresUnderASilenceIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		require.NoError(t, s.AddSilence(t.Context(), someSilence("s-1", func(v *catalog.Silence) { v.Recurring, v.Zone = nil, "" })))
		claim := store.Claim{Service: "checkout", Key: "k", Title: "t", At: at, Alerts: []alerts.Alert{
			suppressed("a", "s-1"), suppressed("b", "s-1"), suppressed("c", "s-2"),
		}}
		answers, err := s.Claim(t.Context(), []store.Claim{claim})
		require.NoError(t, err)
		require.Empty(t, answers[0].Number, "what is suppressed opens nothing")

		list, err := s.Suppressing(t.Context())
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"s-1", "s-2"}, ids(list))
		for _, v := range list {
			require.Equal(t, v.ID == "s-1", v.Active(at), "one that nobody made holds never")
		}
		firing, err := s.SuppressedBy(t.Context(), "s-1", 10)
		require.NoError(t, err)
		require.Len(t, firing, 2)
		heard, err := s.HeardSince(t.Context(), at, 10)
		require.NoError(t, err)
		require.Len(t, heard, 3)
		require.Equal(t, "checkout", heard[0].Service)

		require.NoError(t, s.Unsuppress(t.Context(), "s-1", []string{"a"}, at), "heard of at that time")
		require.NoError(t, s.Unsuppress(t.Context(), "s-1", []string{"b"}, at.Add(time.Second)))
		firing, err = s.SuppressedBy(t.Context(), "s-1", 10)
		require.NoError(t, err)
		require.Equal(t, "a", firing[0].Fingerprint)
		require.Len(t, firing, 1)
	})
}

// A silence may last longer than what is over is kept, and a source may say
// only once that something fires.
func TestWhatFiresUnderASilenceIsNotPurged(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		resolved := suppressed("b", "s-1")
		resolved.Status, resolved.Suppressed = alerts.Resolved, ""
		for _, list := range [][]alerts.Alert{{suppressed("a", "s-1"), suppressed("b", "s-1")}, {resolved}} {
			_, err := s.Claim(t.Context(), []store.Claim{{Service: "checkout", Key: "k", Title: "t", At: noon(), Alerts: list}})
			require.NoError(t, err)
		}
		_, err := s.Purge(t.Context(), noon().Add(catalog.MaxRecurring))
		require.NoError(t, err)
		firing, err := s.SuppressedBy(t.Context(), "s-1", 10)
		require.NoError(t, err)
		require.Len(t, firing, 1)
		require.Equal(t, "a", firing[0].Fingerprint)
		left, _, err := s.Alerts(t.Context(), "", "", 0)
		require.NoError(t, err)
		require.Len(t, left, 1, "what has ended goes")
	})
}

func TestTooManySilencesAreRefused(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	lasting := func(id string) catalog.Silence {
		return someSilence(id, func(v *catalog.Silence) { v.Until = time.Now().Add(time.Hour) })
	}
	for n := range 1000 {
		require.NoError(t, s.AddSilence(t.Context(), lasting(fmt.Sprintf("s-%d", n))))
	}
	err := s.AddSilence(t.Context(), lasting("one-more"))
	require.Equal(t, incident.Refused, incident.KindOf(err), "it would have no effect")
	require.ErrorContains(t, err, "end some first")
	require.NoError(t, s.EndSilence(t.Context(), "s-7", "ben", time.Now()))
	require.NoError(t, s.AddSilence(t.Context(), lasting("one-more")))
}
