package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
			got, err := s.Silent(ctx, since)
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
