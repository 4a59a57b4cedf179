package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestToldGaps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		told := func(team string) []string {
			marks, err := s.ToldGaps(t.Context(), team)
			require.NoError(t, err)
			return marks
		}
		require.Empty(t, told("payments"))
		require.NoError(t, s.KeepToldGaps(t.Context(), "payments", []string{"b", "a"}, noon()))
		require.NoError(t, s.KeepToldGaps(t.Context(), "web", []string{"a"}, noon()))
		require.Equal(t, []string{"a", "b"}, told("payments"))
		require.NoError(t, s.KeepToldGaps(t.Context(), "payments", []string{"b", "c"}, noon()))
		require.Equal(t, []string{"b", "c"}, told("payments"), "what is over is forgotten")
		require.NoError(t, s.KeepToldGaps(t.Context(), "payments", nil, noon()))
		require.Empty(t, told("payments"))
		require.Equal(t, []string{"a"}, told("web"), "each team's are its own")
	})
}
