package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestNotices(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		notice := activities.DutyNotice{Key: "k", Person: "ana", Title: "T", Body: "B", Due: now}
		require.NoError(t, s.AddNotices(ctx))
		require.NoError(t, s.AddNotices(ctx, notice, activities.DutyNotice{Key: "mark", Due: now}))
		notice.Title = "again"
		require.NoError(t, s.AddNotices(ctx, notice))
		due, err := s.DueNotices(ctx, now, 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "what is only remembered is not due")
		require.Equal(t, "T", due[0].Title)
		known, err := s.KnownNotices(ctx, []string{"k", "mark", "none"})
		require.NoError(t, err)
		require.Equal(t, []string{"k", "mark"}, known)

		require.NoError(t, s.PutOffNotice(ctx, "k", now.Add(time.Minute), true))
		due, err = s.DueNotices(ctx, now, 10)
		require.NoError(t, err)
		require.Empty(t, due)
		due, err = s.DueNotices(ctx, now.Add(time.Minute), 10)
		require.NoError(t, err)
		require.Equal(t, 1, due[0].Tries)
		require.NoError(t, s.EndNotice(ctx, "k", now, true))
		due, err = s.DueNotices(ctx, now.Add(time.Hour), 10)
		require.NoError(t, err)
		require.Empty(t, due)
	})
}
