package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

// ownCluster starts a cluster of the test's own. Without PostgreSQL on the
// machine the test is skipped, unless everything is required.
func ownCluster(t *testing.T) *postgres.Cluster {
	t.Helper()
	cluster, err := postgres.StartOwn(t.Context())
	if errors.Is(err, postgres.ErrNoBinaries) && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT TESTED on PostgreSQL:", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	return cluster
}

// newDatabase returns a connection to a database of the test's own.
func newDatabase(t *testing.T, cluster *postgres.Cluster) (string, *sql.DB) {
	t.Helper()
	dsn, err := cluster.CreateDatabase(t.Context())
	require.NoError(t, err)
	db, err := sql.Open("postgres", dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() }) // the server may be gone by then
	return dsn, db
}

func exec(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
}

func count(ctx context.Context, db *sql.DB, query string) (int, error) {
	var n int
	err := db.QueryRowContext(ctx, query).Scan(&n)
	return n, err
}

func TestClusterLivesThroughKillAndLeavesNothing(t *testing.T) {
	cluster := ownCluster(t)
	address, err := url.Parse(cluster.DSN())
	require.NoError(t, err)
	dir := address.Query().Get("host")
	require.DirExists(t, dir)

	first, db := newDatabase(t, cluster)
	second, _ := newDatabase(t, cluster)
	require.NotEqual(t, first, second)

	exec(t, db, "CREATE TABLE page (n int)")
	exec(t, db, "INSERT INTO page VALUES (1), (2)")

	require.NoError(t, cluster.Kill())
	require.NoError(t, cluster.Kill(), "killing what is dead does nothing")
	require.Eventually(t, func() bool {
		_, err := count(t.Context(), db, "SELECT count(*) FROM page")
		return err != nil
	}, 10*time.Second, 20*time.Millisecond, "a killed server answers nobody")

	require.NoError(t, cluster.Restart(t.Context()))
	require.NoError(t, cluster.Restart(t.Context()), "starting what runs does nothing")
	require.Eventually(t, func() bool {
		n, err := count(t.Context(), db, "SELECT count(*) FROM page")
		return err == nil && n == 2
	}, 10*time.Second, 20*time.Millisecond, "what was committed survives")

	require.NoError(t, cluster.Kill())
	require.NoError(t, cluster.Stop())
	require.NoError(t, cluster.Stop(), "stopping twice does nothing")
	require.NoDirExists(t, dir)
	require.Error(t, cluster.Restart(t.Context()), "a stopped cluster is gone for good")
}

func TestBorrowedServer(t *testing.T) {
	owner := ownCluster(t)
	t.Setenv(postgres.EnvDSN, owner.DSN())

	borrowed, err := postgres.Start(t.Context())
	require.NoError(t, err)
	require.Equal(t, owner.DSN(), borrowed.DSN())
	require.ErrorContains(t, borrowed.Kill(), "StartOwn")
	require.ErrorContains(t, borrowed.Restart(t.Context()), "StartOwn")

	_, db := newDatabase(t, borrowed)
	_, err = count(t.Context(), db, "SELECT 1")
	require.NoError(t, err)
	require.NoError(t, borrowed.Stop())

	_, ownerDB := newDatabase(t, owner)
	left, err := count(t.Context(), ownerDB, "SELECT count(*) FROM pg_database WHERE datname LIKE 'tocsin_%'")
	require.NoError(t, err)
	require.Equal(t, 1, left, "only the owner's own database is left")
}

func TestConnectionStringForms(t *testing.T) {
	owner := ownCluster(t)
	address, err := url.Parse(owner.DSN())
	require.NoError(t, err)
	t.Setenv(postgres.EnvDSN, "user=postgres dbname=postgres sslmode=disable host="+address.Query().Get("host"))

	borrowed, err := postgres.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, borrowed.Stop()) })
	dsn, db := newDatabase(t, borrowed)
	var name string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT current_database()").Scan(&name))
	require.Contains(t, dsn, "dbname="+name)
}

func TestStartSaysWhatToDo(t *testing.T) {
	t.Run("no binaries", func(t *testing.T) {
		t.Setenv(postgres.EnvDSN, "")
		t.Setenv(postgres.EnvBinaries, t.TempDir())
		_, err := postgres.Start(t.Context())
		require.ErrorIs(t, err, postgres.ErrNoBinaries)
		require.ErrorContains(t, err, "install PostgreSQL")
	})
	t.Run("server away", func(t *testing.T) {
		t.Setenv(postgres.EnvDSN, "postgres://postgres:hunter2@/postgres?host="+t.TempDir())
		_, err := postgres.Start(t.Context())
		require.ErrorContains(t, err, postgres.EnvDSN)
		require.NotContains(t, err.Error(), "hunter2")
	})
	t.Run("malformed address", func(t *testing.T) {
		t.Setenv(postgres.EnvDSN, "postgres://postgres:hunter2@%zz/postgres")
		_, err := postgres.Start(t.Context())
		require.ErrorContains(t, err, postgres.EnvDSN)
		require.NotContains(t, err.Error(), "hunter2")
	})
}
