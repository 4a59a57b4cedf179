package prometheus_test

import (
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/prometheus"
	"github.com/tocsinhq/tocsin/sandbox/metrics"
)

// realServer starts the machine's own Prometheus, which scrapes nothing.
// Without one the test is skipped, and fails under TOCSIN_TEST_REQUIRE=all.
func realServer(t *testing.T) *prometheus.Metrics {
	t.Helper()
	program, err := exec.LookPath("prometheus")
	if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT CHECKED against a real Prometheus: install the package prometheus")
	}
	require.NoError(t, err)
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	require.NoError(t, os.WriteFile(config, []byte("scrape_configs: []\n"), 0o600))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	server := exec.Command(program, "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--log.level=error")
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait()
	})
	real, err := prometheus.New(prometheus.Config{URL: "http://" + address})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := real.Query(t.Context(), "vector(1)")
		return err == nil
	}, 20*time.Second, 50*time.Millisecond, "Prometheus does not answer")
	return real
}

func TestRealPrometheus(t *testing.T) {
	server := realServer(t)
	for expr, want := range map[string]float64{"vector(0.25)": 0.25, "scalar(vector(7))": 7, "vector(0)": 0} {
		got, err := server.Query(t.Context(), expr)
		require.NoError(t, err, expr)
		require.True(t, got.Found, expr)
		require.InDelta(t, want, got.Value, 0, expr)
		require.WithinDuration(t, time.Now(), got.At, time.Minute)
	}
	for _, expr := range []string{"no_such_metric", "sum(no_such_metric)", "vector(0) / vector(0)", "vector(1) / vector(0)"} {
		got, err := server.Query(t.Context(), expr)
		require.NoError(t, err, expr)
		require.Zero(t, got, expr)
	}
	for _, expr := range []string{
		"sum(", "", "no_such_function(1)", "vector(1)[5m:1m]",
		`vector(1) or label_replace(vector(2), "a", "b", "", "")`,
	} {
		_, err := server.Query(t.Context(), expr)
		require.Equal(t, incident.Invalid, incident.KindOf(err), "%s: %v", expr, err)
	}
}

// TestSandbox speaks to the stand-in for machines without a Prometheus.
func TestSandbox(t *testing.T) {
	source, err := metrics.New(metrics.Config{})
	require.NoError(t, err)
	defer source.Close()
	server := httptest.NewServer(source)
	defer server.Close()
	for service, value := range map[string]float64{"checkout": 0.5, "search": 0.01} {
		require.NoError(t, source.Set(metrics.Series{
			Name: "shop_http_error_ratio", Labels: map[string]string{"service": service}, Value: metrics.Value(value),
		}))
	}
	m, err := prometheus.New(prometheus.Config{URL: server.URL + "/prometheus"})
	require.NoError(t, err)
	got, err := m.Query(t.Context(), `shop_http_error_ratio{service="checkout"}`)
	require.NoError(t, err)
	require.True(t, got.Found)
	require.InDelta(t, 0.5, got.Value, 0)
	got, err = m.Query(t.Context(), `shop_http_error_ratio{service="unknown"}`)
	require.NoError(t, err)
	require.False(t, got.Found)
	for _, expr := range []string{"shop_http_error_ratio", "sum(up)"} {
		_, err = m.Query(t.Context(), expr)
		require.Equal(t, incident.Invalid, incident.KindOf(err), "%s: %v", expr, err)
	}
}
