package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestCalendars(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		feed := store.Calendar{ID: "c-1", Owner: "ana", Person: "ana", Hash: hash("one"), Made: now}
		require.NoError(t, s.CreateCalendar(ctx, feed))
		got, err := s.CalendarByHash(ctx, hash("one"))
		require.NoError(t, err)
		require.Equal(t, feed, got)
		rotated, err := s.RotateCalendar(ctx, store.Calendar{ID: "c-1", Owner: "ana", Hash: hash("two"), Rotated: now})
		require.NoError(t, err)
		require.Equal(t, hash("two"), rotated.Hash)
		_, err = s.CalendarByHash(ctx, hash("one"))
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		_, err = s.RotateCalendar(ctx, store.Calendar{ID: "c-1", Owner: "bob", Hash: hash("three"), Rotated: now})
		require.Equal(t, incident.NotFound, incident.KindOf(err), "somebody else's")
		require.NoError(t, s.RevokeCalendar(ctx, "ana", "c-1", now))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RevokeCalendar(ctx, "ana", "c-1", now)))
		_, err = s.CalendarByHash(ctx, hash("two"))
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		list, err := s.Calendars(ctx, "ana")
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.False(t, list[0].Revoked.IsZero())
	})
}
