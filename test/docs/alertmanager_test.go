package docs_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const alertmanagerConfig = "deployments/alertmanager/alertmanager.yml"

// amtool runs Alertmanager's own tool. Without it the test is skipped loudly,
// or fails when everything is required.
func amtool(t *testing.T, args ...string) string {
	t.Helper()
	program, err := exec.LookPath("amtool")
	if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOT TESTED with a real Alertmanager: amtool is missing; install Debian's prometheus-alertmanager")
	}
	require.NoError(t, err, "install Debian's prometheus-alertmanager")
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = root
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, said.String())
	return string(out)
}

func TestAlertmanagerHasASecondReceiver(t *testing.T) {
	t.Parallel()
	require.Contains(t, amtool(t, "check-config", alertmanagerConfig), "SUCCESS")
	for labels, want := range map[string]string{
		"alertname=DiskFull severity=warning":                   "tocsin",
		"alertname=DiskFull severity=critical":                  "direct,tocsin",
		"alertname=TocsinDown severity=critical route=direct":   "direct,tocsin",
		"alertname=MonitoringBeats severity=none job=something": "watchdog",
	} {
		args := append([]string{"config", "routes", "test", "--config.file", alertmanagerConfig}, strings.Fields(labels)...)
		require.Equal(t, want, strings.TrimSpace(amtool(t, args...)), labels)
	}
}

func TestTheDocumentShowsTheWholeConfiguration(t *testing.T) {
	t.Parallel()
	_, config, ok := strings.Cut(read(t, alertmanagerConfig), "\nglobal:")
	require.True(t, ok)
	require.Contains(t, read(t, "docs/watchdog.md"), "global:"+config+"```")
}
