package store_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestTurnsFollowOneAnotherAndAKeyKeepsItsOwn(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		turn := func(of, key string) int {
			n, err := s.Turn(t.Context(), activities.Turn{Of: of, Key: key})
			require.NoError(t, err)
			return n
		}
		require.Equal(t, []int{0, 1, 0, 2, 0}, []int{
			turn("payments/0", "INC-1"), turn("payments/0", "INC-2"), turn("payments/0", "INC-1"), turn("payments/0", "INC-3"),
			turn("storefront/0", "INC-4"),
		})
	})
}

func TestTurnsTakenAtOnceAreAllDifferent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		const takers = 20
		got := make([]int, takers)
		var group errgroup.Group
		for n := range takers {
			group.Go(func() (err error) {
				got[n], err = s.Turn(t.Context(), activities.Turn{Of: "payments/0", Key: fmt.Sprint("INC-", n)})
				return err
			})
		}
		require.NoError(t, group.Wait())
		want := make([]int, takers)
		for n := range want {
			want[n] = n
		}
		require.ElementsMatch(t, want, got)
	})
}
