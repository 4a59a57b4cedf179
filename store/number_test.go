package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestDeclare(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		d := store.Declaration{Request: "ana/1", Service: "checkout", Team: "payments", Title: "It is slow", At: noon()}
		first, err := s.Declare(ctx, d)
		require.NoError(t, err)
		require.Equal(t, store.Claimed{Number: "INC-1", New: true}, first)
		again, err := s.Declare(ctx, d)
		require.NoError(t, err)
		require.Equal(t, store.Claimed{Number: "INC-1"}, again)
		record(t, s, someIncident("INC-1"))
		again, err = s.Declare(ctx, d)
		require.NoError(t, err)
		require.True(t, again.Started)

		d.Request = ""
		for _, want := range []string{"INC-2", "INC-3"} {
			other, err := s.Declare(ctx, d)
			require.NoError(t, err)
			require.Equal(t, want, other.Number)
		}
		require.Equal(t, "INC-4", claim(t, s, firing("a")).Number, "alerts do not find what was declared")
	})
}

func TestOneRequestDeclaresOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		got := make([]store.Claimed, 20)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				out, err := s.Declare(t.Context(), store.Declaration{Request: "same", At: noon()})
				if err == nil {
					got[i] = out
				}
			})
		}
		wg.Wait()
		opened := 0
		for _, c := range got {
			require.Equal(t, "INC-1", c.Number)
			opened += count(c.New)
		}
		require.Equal(t, 1, opened)
	})
}

// TestRestoredBackup is what happens when Temporal knows incidents that a
// database restored from an older backup has forgotten.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		c := hosts(host("web", alerts.Firing, noon()))
		lost := claim(t, s, c)
		other := claim(t, s, firing("other"))

		// Temporal says that INC-1 runs for another key.
		next, err := s.Renumber(ctx, lost.Number)
		require.NoError(t, err)
		require.Equal(t, "INC-3", next)
		_, err = s.Renumber(ctx, lost.Number)
		require.Equal(t, incident.NotFound, incident.KindOf(err))

		rows, err := s.WaitingFor(ctx, next)
		require.NoError(t, err)
		require.Len(t, rows, 1, "what is wanted moves along")
		require.Equal(t, lost.Outbox, rows[0].ID)
		require.Equal(t, next, claim(t, s, c).Number)
		require.Empty(t, claim(t, s, c).News, "and so do the facts")
		require.Equal(t, other.Number, claim(t, s, firing("other")).Number)
	})
}

func TestNumbersAreNeverGivenTwice(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		given := map[string]int{}
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				var out store.Claimed
				var err error
				if i%3 == 0 {
					out, err = s.Declare(t.Context(), store.Declaration{At: noon()})
				} else {
					var list []store.Claimed
					list, err = s.Claim(t.Context(), []store.Claim{firing(fmt.Sprint("a", i))})
					out = list[0]
				}
				if err == nil {
					mu.Lock()
					defer mu.Unlock()
					given[out.Number]++
				}
			})
		}
		wg.Wait()
		require.Len(t, given, 30)
		require.Equal(t, "INC-31", claim(t, s, firing("last")).Number, "and none is left out")
	})
}

func TestTimesKeepMicroseconds(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		zone := time.FixedZone("far", 9*3600)
		for _, at := range []time.Time{
			noon().In(zone), noon().Truncate(time.Second), time.Date(1969, 1, 1, 0, 0, 0, 1000, time.UTC),
		} {
			c := firing(at.String())
			c.At = at
			got := claim(t, s, c)
			rows, err := s.WaitingFor(t.Context(), got.Number)
			require.NoError(t, err)
			require.Equal(t, at.UTC().Truncate(time.Microsecond), rows[0].At)
		}
	})
}
