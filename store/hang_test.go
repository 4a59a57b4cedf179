package store_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

// ownServer is a database on a server that the test may kill or freeze.
func ownServer(t *testing.T) (*postgres.Cluster, string) {
	t.Helper()
	cluster, err := postgres.StartOwn(t.Context())
	if errors.Is(err, postgres.ErrNoBinaries) && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT TESTED on PostgreSQL:", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	dsn, err := cluster.CreateDatabase(t.Context())
	require.NoError(t, err)
	return cluster, dsn
}

// calls are the methods that stand in the way of a page, an acknowledgement
// or a probe.
func calls(s *store.Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"ping":     s.Ping,
		"look-up":  func(ctx context.Context) error { _, _, err := s.Made(ctx, "a page"); return err },
		"token":    func(ctx context.Context) error { _, err := s.TokenByHash(ctx, "hash"); return err },
		"incident": func(ctx context.Context) error { _, err := s.Incident(ctx, "INC-1"); return err },
		"list":     func(ctx context.Context) error { _, err := s.OpenKeys(ctx); return err },
		"attempt":  func(ctx context.Context) error { return s.Attempt(ctx, activities.Attempt{Key: "a page"}) },
		"claim": func(ctx context.Context) error {
			_, err := s.Claim(ctx, []store.Claim{firing("a")})
			return err
		},
		"declaration": func(ctx context.Context) error {
			_, err := s.Declare(ctx, store.Declaration{At: noon()})
			return err
		},
	}
}

func TestServerThatHangsHoldsNobody(t *testing.T) {
	t.Parallel()
	cluster, dsn := ownServer(t)
	s := storetest.Open(t, dsn)
	_, err := s.SaveCatalog(t.Context(), someCatalog("checkout"), 0, "ana")
	require.NoError(t, err)
	catalogs := store.NewCatalogs(s)
	_, err = catalogs.Current(t.Context())
	require.NoError(t, err)

	require.NoError(t, cluster.Freeze(t.Context()))
	const limit, slack = 100 * time.Millisecond, time.Second
	// More often than there are connections: all of them hang.
	for round := range 4 {
		for name, call := range calls(s) {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			err := call(ctx)
			cancel()
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%s, round %d: %v", name, round, err)
			require.Less(t, time.Since(began), limit+slack, name)
		}
	}
	require.Never(t, func() bool {
		began := time.Now()
		_, err := catalogs.Current(t.Context())
		return err != nil || time.Since(began) > slack
	}, 3*time.Second, 20*time.Millisecond, "the last good catalog is there at once")

	require.NoError(t, cluster.Thaw())
	for name, call := range calls(s) {
		require.Eventually(t, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			return incident.KindOf(call(ctx)) != incident.Unavailable
		}, 20*time.Second, 20*time.Millisecond, "%s works again", name)
	}
}

func TestFirstCatalogOfAServerThatHangs(t *testing.T) {
	t.Parallel()
	cluster, dsn := ownServer(t)
	s := storetest.Open(t, dsn)
	require.NoError(t, cluster.Freeze(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := store.NewCatalogs(s).Current(ctx)
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
}
