package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/coverage"
)

// exampleCatalog stays as it is, whatever becomes of the one to start from.
const exampleCatalog = "../../../rehearsal/testdata/catalog"

func TestCoverageOfFiles(t *testing.T) {
	clearEnvironment(t)
	require.Contains(t, tocsin(t, "coverage", "--catalog", exampleCatalog).ok(), "5 services: a page reaches somebody at each moment\n")

	got := tocsin(t, "coverage", "--catalog", exampleCatalog, "--service", "checkout", "--channels", "webhook", "--zone", "UTC")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.out, "frank cannot be reached")
	require.Contains(t, got.out, "is reached only by push and email")
	require.NotContains(t, got.out, "payments")
	require.Contains(t, got.err, "pages would not reach everybody they should")

	var report coverage.Report
	got = tocsin(t, "coverage", "--catalog", exampleCatalog, "--channels", "console", "--days", "2", "--json")
	require.Equal(t, 1, got.code)
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.Len(t, report.Services, 5)
	require.Equal(t, 2*24*60, report.Services[4].Minutes-report.Services[4].Minutes%60, "the catch-all's platform team has no console but heidi's")
}

func TestCoverageOfAScheduleThatBeginsLater(t *testing.T) {
	clearEnvironment(t)
	dir := t.TempDir()
	files, err := filepath.Glob(exampleCatalog + "/*.yaml")
	require.NoError(t, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		text := strings.ReplaceAll(string(data), "start: 2026-01-07", "start: 2126-01-07")
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(text), 0o600))
	}
	got := tocsin(t, "coverage", "--catalog", dir)
	require.Equal(t, 1, got.code)
	require.Regexp(t, `(?m)^checkout +all the time +the first level is skipped +level 1: nobody is on call in storefront/primary$`, got.out)
}

func TestCoverageRefuses(t *testing.T) {
	clearEnvironment(t)
	require.Contains(t, tocsin(t, "coverage", "--catalog", exampleCatalog, "--days", "91").err, "--days: say from 1 to 90")
	require.Contains(t, tocsin(t, "coverage", "--catalog", exampleCatalog, "--service", "shop").err, `there is no service "shop"`)
	require.Contains(t, tocsin(t, "coverage", "--catalog", exampleCatalog, "--channels", "pager").err, `--channels: there is no channel "pager"; there is email`)
	require.Equal(t, 1, tocsin(t, "coverage", "--catalog", t.TempDir()).code)
	require.Contains(t, tocsin(t, "coverage").err, "there is no token")
}

func TestCoverageInForce(t *testing.T) {
	newWorld(t)
	require.Contains(t, tocsin(t, "coverage", "--days", "7").ok(), "from 2026-03-01 03:00:00 CET to 2026-03-08 03:00:00 CET\n")
	require.Contains(t, tocsin(t, "doctor").out, "every service reaches somebody at each moment until 2026-03-15 03:00:00 CET")

	newWorld(t, func(c *api.Config) { c.Channels = []string{"webhook"} })
	got := tocsin(t, "coverage", "--json")
	require.Equal(t, 1, got.code)
	var report coverage.Report
	require.NoError(t, json.Unmarshal([]byte(got.out), &report))
	require.False(t, report.Complete())
	got = tocsin(t, "doctor")
	require.Equal(t, 1, got.code)
	require.Regexp(t, `(?m)^BAD +coverage +payments: .* bob cannot be reached: is reached only by push and email.*, which is not configured$`, got.out)
}
