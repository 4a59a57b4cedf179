package story_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/test/scene"
)

const (
	prometheus   = "prometheus"
	alertmanager = "prometheus-alertmanager"
)

// monitoring is a Prometheus and an Alertmanager as Debian packages them. It
// is the Monitor of a scene.
type monitoring struct {
	t *testing.T
	// scraped is where the metrics are, deliver where alerts go, with token.
	scraped, deliver, token string
	alertname, service      string
	summary                 string
	prometheus              string // its address, once started
}

// binaries finds both programs. Without them the test is skipped loudly, or
// fails when everything is required.
func binaries(t *testing.T) (prometheusPath, alertmanagerPath string) {
	t.Helper()
	find := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
			t.Skipf("NOT TESTED with real monitoring: %s is missing; install Debian's %s", name, name)
		}
		require.NoError(t, err, "install Debian's %s", name)
		return path
	}
	return find(prometheus), find(alertmanager)
}

// start starts both, ready to see the metric go bad.
func (m *monitoring) start() {
	m.t.Helper()
	prometheusPath, alertmanagerPath := binaries(m.t)
	dir := m.t.TempDir()
	am := freeAddr(m.t)
	m.prometheus = freeAddr(m.t)
	config := writeFile(m.t, dir, "alertmanager.yml", m.alertmanagerConfig())
	run(m.t, "http://"+am+"/-/ready", alertmanagerPath,
		"--config.file="+config, "--storage.path="+filepath.Join(dir, "alertmanager"), "--web.listen-address="+am,
		"--cluster.listen-address=", "--log.level=warn")
	writeFile(m.t, dir, "rules.yml", m.rules())
	config = writeFile(m.t, dir, "prometheus.yml", m.prometheusConfig(am))
	// Prometheus drops an alert that fires before it has found the
	// Alertmanager, and sends it again only after this delay.
	run(m.t, "http://"+m.prometheus+"/-/ready", prometheusPath,
		"--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "prometheus"), "--web.listen-address="+m.prometheus,
		"--rules.alert.resend-delay=1s", "--log.level=warn")
}

func (m *monitoring) alertmanagerConfig() string {
	return fmt.Sprintf(`
route: {receiver: tocsin, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: tocsin
    webhook_configs:
      - url: %q
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials: %q}}
`, m.deliver, m.token)
}

func (m *monitoring) prometheusConfig(alertmanager string) string {
	return fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}
scrape_configs: [{job_name: shop, static_configs: [{targets: [%q]}]}]
`, alertmanager, m.scraped)
}

func (m *monitoring) rules() string {
	return fmt.Sprintf(`
groups:
  - name: shop
    rules:
      - alert: %s
        expr: shop_http_error_ratio{service=%q} > 0.05
        labels: {severity: critical}
        annotations: {summary: %q}
`, m.alertname, m.service, m.summary)
}

// Fire waits until the alert has opened an incident.
func (m *monitoring) Fire(ctx context.Context, w *scene.World) (string, error) {
	return scene.Until(ctx, w, "the incident of "+m.service, func(ctx context.Context) (string, bool) {
		open, err := w.Open(ctx, m.service)
		if err != nil || len(open) == 0 {
			return "", false
		}
		return open[0], true
	})
}

// Clear waits until the incident has heard that the metric is well again.
func (m *monitoring) Clear(ctx context.Context, w *scene.World, number string) error {
	_, err := w.Incident(ctx, number, "the clearing", func(i *client.Incident) bool { return i.Counts.Firing == 0 })
	return err
}

// run starts a program, waits until it answers, and ends it with the test.
func run(t *testing.T, ready, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, args...)
	output := new(strings.Builder)
	cmd.Stdout, cmd.Stderr = output, output
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // we end it
	}()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		select {
		case <-ended:
		case <-time.After(20 * time.Second):
			require.NoError(t, cmd.Process.Kill())
			<-ended
		}
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(path), output)
		}
	})
	require.Eventually(t, func() bool { return answers(t, ready) }, time.Minute, 50*time.Millisecond, "%s is not ready", path)
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func writeFile(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// freeAddr returns an address of the loopback interface that is free now.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}
