package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ dsn, says string }{
		"empty":           {"", "must be sqlite:PATH"},
		"no scheme":       {"tocsin.db", "must be sqlite:PATH"},
		"unknown scheme":  {"mysql://root:hunter2@db/tocsin", "must be sqlite:PATH"},
		"no path":         {"sqlite:", "needs a path"},
		"folder missing":  {"sqlite:" + filepath.Join(t.TempDir(), "none", "tocsin.db"), "is its folder there"},
		"a folder":        {"sqlite:" + t.TempDir(), "is its folder there"},
		"broken address":  {"postgres://tocsin:hunter2@[db/tocsin", "cannot be read"},
		"broken port":     {"postgres://tocsin:hunter2@db:port/tocsin", "cannot be read"},
		"unknown setting": {"postgres://tocsin:hunter2@db/tocsin?sslmode=maybe", "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := store.Open(t.Context(), test.dsn)
			require.ErrorContains(t, err, test.says)
			require.NotContains(t, err.Error(), "hunter2")
			require.Equal(t, incident.Invalid, incident.KindOf(err))
		})
	}
}

func TestServerAway(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), "postgres://tocsin:hunter2@/tocsin?host="+t.TempDir())
	require.NoError(t, err, "a server need not answer yet")
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, ask := range map[string]func(context.Context) error{
		"ping":    s.Ping,
		"migrate": s.Migrate,
		"read":    func(ctx context.Context) error { _, err := s.CatalogVersion(ctx); return err },
		"write":   func(ctx context.Context) error { return s.Accept(ctx, []int64{1}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := ask(t.Context())
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestCancelledCallsAreUnavailable(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.CatalogVersion(ctx)
		require.Equal(t, incident.Unavailable, incident.KindOf(err))
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Ping(t.Context()), "the store goes on")
	})
}

func TestMigrateInSeveralProcessesAtOnce(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			s, err := store.Open(t.Context(), dsn)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			wg.Go(func() { errs[i] = s.Migrate(t.Context()) })
		}
		wg.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		s := storetest.Open(t, dsn)
		claimed, err := s.Claim(t.Context(), []store.Claim{firing("a")})
		require.NoError(t, err)
		require.Equal(t, "INC-1", claimed[0].Number)
	})
}

func TestMemory(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, "sqlite::memory:")
	require.NoError(t, s.Ping(t.Context()))
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() {
			_, err := s.Claim(t.Context(), []store.Claim{firing("a")})
			_, err2 := s.OpenKeys(t.Context())
			errs[i] = errors.Join(err, err2)
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	keys, err := s.OpenKeys(t.Context())
	require.NoError(t, err)
	require.Len(t, keys, 1, "all connections see one database")

	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Microsecond)
		_, err := s.Claim(ctx, []store.Claim{firing("b"), firing("c")})
		cancel()
		if err != nil {
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
		}
	}
	_, err = s.Claim(t.Context(), []store.Claim{firing("a")})
	require.NoError(t, err, "and callers who give up do not end it")
}

func TestFileIsKept(t *testing.T) {
	t.Parallel()
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "odd name %41?#.db")
	s, err := store.Open(t.Context(), dsn)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	_, err = s.Claim(t.Context(), []store.Claim{firing("a")})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	require.FileExists(t, dsn[len("sqlite:"):])
	keys, err := storetest.Open(t, dsn).OpenKeys(t.Context())
	require.NoError(t, err)
	require.Len(t, keys, 1)
}
