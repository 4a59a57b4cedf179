package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestHistories(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		kept, err := s.HasHistory(ctx, "INC-1", "run-1")
		require.NoError(t, err)
		require.False(t, kept)
		_, err = s.History(ctx, "INC-1", "run-1")
		require.Equal(t, incident.NotFound, incident.KindOf(err))

		gz := []byte{0x1f, 0x8b, 0, 1, 2}
		require.NoError(t, s.SaveHistory(ctx, "INC-1", "run-1", noon(), gz))
		require.NoError(t, s.SaveHistory(ctx, "INC-1", "run-1", noon(), []byte("later")))
		require.NoError(t, s.SaveHistory(ctx, "INC-1", "run-2", time.Time{}, []byte("other")))
		kept, err = s.HasHistory(ctx, "INC-1", "run-1")
		require.NoError(t, err)
		require.True(t, kept)
		got, err := s.History(ctx, "INC-1", "run-1")
		require.NoError(t, err)
		require.Equal(t, gz, got)
	})
}
