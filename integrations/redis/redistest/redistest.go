// Package redistest starts the machine's own Redis for tests.
package redistest

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// Start starts a Redis that keeps nothing, on loopback and at a port that the
// kernel chose, and ends it with the test. It takes further arguments of
// redis-server. Without one the test is skipped, and fails under
// TOCSIN_TEST_REQUIRE=all.
func Start(t testing.TB, args ...string) (addr string) {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT CHECKED against a real Redis: install the package redis-server")
	}
	require.NoError(t, err)
	addr = Port(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	given := append([]string{"--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no", "--port", port}, args...)
	server := exec.Command(program, given...)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait()
	})
	require.Eventually(t, func() bool {
		conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", addr)
		return err == nil && conn.Close() == nil
	}, 20*time.Second, 20*time.Millisecond, "Redis does not answer")
	return addr
}

// Port returns an address on loopback where nobody listens.
func Port(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}

// Client speaks to a Redis as the test itself, and is closed with it.
func Client(t testing.TB, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true})
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}
