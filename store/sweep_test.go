package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestSilentAndGone(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		silent := func(since time.Time, want ...string) {
			t.Helper()
			got, err := s.Silent(ctx, since, 200)
			require.NoError(t, err)
			require.ElementsMatch(t, want, got)
		}
		claimed := claim(t, s, firing("Errors"))
		lost := someIncident(claimed.Number)
		over := someIncident("INC-2")
		over.Phase = incident.Cancelled
		record(t, s, lost, entry(1), entry(2))
		record(t, s, over)
		silent(time.Now().Add(-time.Hour))
		silent(time.Now().Add(time.Hour), lost.Number)

		for range 2 {
			require.NoError(t, s.MarkGone(ctx, lost.Number, "terminated by hand"))
		}
		silent(time.Now().Add(time.Hour))
		require.Empty(t, openKeys(t, s))
		open, _, err := s.Incidents(ctx, store.IncidentFilter{Open: true})
		require.NoError(t, err)
		require.Empty(t, open)
		lines, _, err := s.Timeline(ctx, lost.Number, store.TimelineFilter{})
		require.NoError(t, err)
		require.Len(t, lines, 3)
		require.Equal(t, "workflow.gone", lines[2].Kind)
		require.Equal(t, incident.Self(), lines[2].Actor)
		require.Contains(t, lines[2].Text, "terminated by hand")
		require.Equal(t, incident.NotFound, incident.KindOf(s.MarkGone(ctx, "INC-404", "never was")))

		record(t, s, lost, entry(3))
		silent(time.Now().Add(time.Hour), lost.Number)
	})
}

func TestSilentAreLookedAtInTurn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, since := t.Context(), time.Now().Add(time.Hour)
		for _, number := range []string{"INC-1", "INC-2", "INC-3"} {
			record(t, s, someIncident(number))
		}
		first, err := s.Silent(ctx, since, 2)
		require.NoError(t, err)
		require.Equal(t, []string{"INC-1", "INC-2"}, first)
		require.NoError(t, s.Looked(ctx, nil, since))
		require.NoError(t, s.Looked(ctx, first, since))
		next, err := s.Silent(ctx, since, 2)
		require.NoError(t, err)
		require.Equal(t, []string{"INC-3"}, next, "what was looked at a moment ago is left alone")
		require.NoError(t, s.Looked(ctx, next, since.Add(time.Second)))
		again, err := s.Silent(ctx, since.Add(time.Minute), 2)
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

func TestPurge(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ago := func(name string) store.Claim {
			c := firing(name)
			c.At = time.Now().Add(-40 * 24 * time.Hour)
			return c
		}
		over, open := claim(t, s, ago("over")), claim(t, s, ago("open"))
		require.NoError(t, s.Accept(ctx, []int64{over.Outbox}))
		require.NoError(t, s.Release(ctx, over.Number, "resolved"))
		require.NoError(t, s.Note(ctx, []store.Claim{ago("quiet")}))
		known := func(number string) int {
			list, _, err := s.Alerts(ctx, number, "", 0)
			require.NoError(t, err)
			return len(list)
		}
		purge := func(now time.Time, want int) {
			t.Helper()
			n, err := s.Purge(ctx, now)
			require.NoError(t, err)
			require.EqualValues(t, want, n)
		}
		require.Equal(t, 1, known(""))
		purge(time.Now().Add(23*time.Hour), 1) // the quiet one
		require.Zero(t, known(""))
		require.Equal(t, 1, known(over.Number), "its incident was over just now")
		purge(time.Now().Add(25*time.Hour), 1)
		purge(time.Now().Add(25*time.Hour), 0)
		purge(time.Now().Add(31*24*time.Hour), 1)
		require.Zero(t, known(over.Number))
		require.Equal(t, 1, known(open.Number), "what an open incident knows stays")
		waiting, err := s.WaitingFor(ctx, open.Number)
		require.NoError(t, err)
		require.Len(t, waiting, 1, "and so does what is wanted of it")
	})
}

func TestPurgeOfWhatOnlyGrows(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now()
		purge := func(at time.Time, want int) {
			t.Helper()
			n, err := s.Purge(ctx, at)
			require.NoError(t, err)
			require.EqualValues(t, want, n)
		}
		_, err := s.Turn(ctx, activities.Turn{Of: "round", Key: "INC-1"})
		require.NoError(t, err)
		require.NoError(t, s.AddNotices(ctx, activities.DutyNotice{Key: "mark", Due: now}, activities.DutyNotice{Key: "told", Person: "ana", Due: now},
			activities.DutyNotice{Key: "waits", Person: "ana", Due: now}))
		require.NoError(t, s.EndNotice(ctx, "told", now, true))
		for _, id := range []string{"unanswered", "proved"} {
			require.NoError(t, s.KeepCode(ctx, store.Code{ID: id, Person: "ana", Contact: id, Mark: "m", Hash: hash(id), Sent: now}))
		}
		require.NoError(t, s.Verify(ctx, "proved", hash("proved"), now))

		purge(now.Add(23*time.Hour), 0)
		purge(now.Add(25*time.Hour), 1)
		purge(now.Add(29*24*time.Hour), 0)
		purge(now.Add(31*24*time.Hour), 3)
		n, err := s.Turn(ctx, activities.Turn{Of: "round", Key: "INC-2"})
		require.NoError(t, err)
		require.Equal(t, 1, n, "the round goes on")
		due, err := s.DueNotices(ctx, now, 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "what waits is not forgotten")
		o, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, o.Verified, 1, "nor what was proved")
	})
}
