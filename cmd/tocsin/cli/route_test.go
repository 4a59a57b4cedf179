package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
)

// alertFile writes an alert of the payments.
func alertFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "alert.json")
	body := `{"status": "firing", "labels": {"alertname": "PaymentsErrorRatioHigh", "service": "payments", "severity": "critical"}}`
	require.NoError(t, os.WriteFile(path, []byte(body), 0o600))
	return path
}

func TestRouteTestNeedsNoServer(t *testing.T) {
	clearEnvironment(t)
	file := alertFile(t)
	args := []string{"route", "test", file, "--catalog", "../../../deployments/catalog", "--at", "2026-03-01T02:00:00Z"}
	golden(t, "route_test", tocsin(t, append(args, "--zone", "UTC")...).ok())
	var answer client.RouteTest
	require.NoError(t, json.Unmarshal([]byte(tocsin(t, append(args, "--json")...).ok()), &answer))
	require.Equal(t, "payments", answer.Decisions[0].Service)
}

func TestRouteTestAsksTheServer(t *testing.T) {
	newWorld(t)
	got := tocsin(t, "route", "test", alertFile(t)).ok()
	require.Contains(t, got, "as of 2026-03-01 03:00:00 CET")
	require.Contains(t, got, "* service payments")
	body := `{"status": "firing", "labels": {"alertname": "Odd", "severity": "info"}}`
	require.Contains(t, tocsinWith(t, body, "route", "test", "-").ok(), "nobody: it is recorded only")
}

func TestRouteTestRefuses(t *testing.T) {
	clearEnvironment(t)
	const folder = "../../../deployments/catalog"
	tocsin(t, "route", "test", "missing.json", "--catalog", folder).fails(2, "open missing.json: no such file or directory")
	tocsinWith(t, `{"status":`, "route", "test", "-", "--catalog", folder).
		fails(1, "the alerts cannot be read: is not complete JSON: send one JSON object")
	empty := t.TempDir()
	got := tocsin(t, "route", "test", alertFile(t), "--catalog", empty)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, empty)
}
