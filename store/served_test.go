package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestARunbookIsServedByOneQueueAtATime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		served := func(name, queue, doc string, heard time.Time) activities.ServedRunbook {
			return activities.ServedRunbook{Name: name, Queue: queue, Spec: doc, Heard: heard}
		}
		keep := func(lately time.Time, list ...activities.ServedRunbook) map[string]string {
			by, err := s.KeepServed(t.Context(), list, lately)
			require.NoError(t, err)
			return by
		}
		by := keep(at.Add(-time.Hour), served("drain", "acme", `{"a":1}`, at), served("fill", "acme", `{"b":1}`, at))
		require.Equal(t, map[string]string{"drain": "acme", "fill": "acme"}, by)

		next := at.Add(time.Minute)
		by = keep(next.Add(-time.Hour), served("drain", "other", `{"x":1}`, next), served("pour", "other", `{}`, next))
		require.Equal(t, map[string]string{"drain": "acme", "pour": "other"}, by, "whoever was heard of lately keeps it")

		by = keep(next.Add(-time.Hour), served("drain", "acme", "{\"a\":2,\"zero\":\"\x00\"}", next))
		require.Equal(t, map[string]string{"drain": "acme"}, by)
		list, err := s.Served(t.Context(), at)
		require.NoError(t, err)
		require.Equal(t, []activities.ServedRunbook{
			served("drain", "acme", "{\"a\":2,\"zero\":\"\uFFFD\"}", next), served("fill", "acme", `{"b":1}`, at), served("pour", "other", `{}`, next),
		}, list, "what it says of itself is what was said last")

		list, err = s.Served(t.Context(), next)
		require.NoError(t, err)
		require.Len(t, list, 2, "what was not heard of since is not listed")

		later := next.Add(2 * time.Hour)
		require.Equal(t, map[string]string{"drain": "other"}, keep(later.Add(-time.Hour), served("drain", "other", `{}`, later)),
			"a queue that is not heard of gives it up")
		require.Empty(t, keep(later))
	})
}

func TestWhatIsServedNoMoreIsForgotten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Now()
		for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "new": 23 * time.Hour} {
			_, err := s.KeepServed(t.Context(), []activities.ServedRunbook{{Name: name, Queue: "acme", Heard: now.Add(-age)}}, now)
			require.NoError(t, err)
		}
		n, err := s.Purge(t.Context(), now)
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		list, err := s.Served(t.Context(), time.Time{}.Add(time.Hour))
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, "new", list[0].Name)
	})
}
