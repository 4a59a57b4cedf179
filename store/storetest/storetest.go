// Package storetest runs a test on each database that the store speaks to.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

// envRequire, when it is "all", makes a database that is missing a failure.
const envRequire = "TOCSIN_TEST_REQUIRE"

// Run runs a package's tests on one PostgreSQL server that is started for
// them, unless one is lent already, and returns the exit code. It is meant
// for TestMain; without it each test starts a server of its own:
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
func Run(m *testing.M) int {
	if os.Getenv(postgres.EnvDSN) != "" {
		return m.Run()
	}
	cluster, err := postgres.Start(context.Background())
	if errors.Is(err, postgres.ErrNoBinaries) {
		return m.Run() // each test says what it misses
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		return 1
	}
	code := 1
	if err = os.Setenv(postgres.EnvDSN, cluster.DSN()); err == nil {
		code = m.Run()
	}
	if err = errors.Join(err, cluster.Stop()); err != nil {
		fmt.Fprintln(os.Stderr, "storetest:", err)
		return 1
	}
	return code
}

// Each runs test in parallel on SQLite and on PostgreSQL, each time with an
// empty, migrated database of its own. Without PostgreSQL on the machine that
// half is skipped loudly, and fails when TOCSIN_TEST_REQUIRE is "all".
func Each(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	EachDSN(t, func(t *testing.T, dsn string) { test(t, Open(t, dsn)) })
}

// EachDSN is Each for tests that open the database themselves: it gives the
// address of an empty one.
func EachDSN(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run(store.SQLite, func(t *testing.T) {
		t.Parallel()
		test(t, SQLite(t))
	})
	t.Run(store.Postgres, func(t *testing.T) {
		t.Parallel()
		test(t, Postgres(t))
	})
}

// SQLite returns the address of an empty SQLite file that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "tocsin.db")
}

// Postgres returns the address of an empty PostgreSQL database that goes with
// the test, or skips the test loudly, as Each says.
func Postgres(t testing.TB) string {
	t.Helper()
	cluster, err := postgres.Start(context.Background())
	if errors.Is(err, postgres.ErrNoBinaries) && os.Getenv(envRequire) != "all" {
		t.Skip("NOT TESTED on PostgreSQL:", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	dsn, err := cluster.CreateDatabase(context.Background())
	require.NoError(t, err)
	return dsn
}

// Open opens and migrates the database, and closes it with the test.
func Open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(context.Background()))
	return s
}
