package main_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/watchdog"
	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/phone"
)

const beatSecret = "a-secret-of-the-tests-0123"

// dog runs the program's watchdog with the sandbox as its routes.
type dog struct {
	t       *testing.T
	program string
	env     []string
	state   string
	sandbox *sandbox.Sandbox
}

func newDog(t *testing.T) *dog {
	t.Helper()
	dir := t.TempDir()
	d := &dog{t: t, program: filepath.Join(dir, "tocsin"), state: filepath.Join(dir, "state.json")}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", d.program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	d.sandbox, err = sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", Phone: phone.Config{HookSecret: "shared"}})
	require.NoError(t, err)
	d.sandbox.Start(t.Context())
	t.Cleanup(func() { require.NoError(t, d.sandbox.Close()) })
	d.env = append(
		os.Environ(), "TOCSIN_WATCHDOG_SECRET="+beatSecret, "TOCSIN_WATCHDOG_LISTEN=127.0.0.1:0", "TOCSIN_WATCHDOG_AGAIN=1m",
		"TOCSIN_WATCHDOG_STATE="+d.state,
		"TOCSIN_WATCHDOG_TOPICS=carol", "TOCSIN_NTFY_URL="+d.sandbox.URL()+"/phone",
		"TOCSIN_WATCHDOG_MAIL_TO=dave@example.org", "TOCSIN_SMTP_ADDR="+d.sandbox.SMTPAddr(), "TOCSIN_SMTP_TLS=none", "TOCSIN_SMTP_FROM=watchdog@example.org",
	)
	return d
}

var hearing = regexp.MustCompile(`hearing beats.* address=(\S+)`)

// start runs it until it hears beats, and returns where.
func (d *dog) start(args ...string) (cmd *exec.Cmd, url string) {
	d.t.Helper()
	cmd = exec.CommandContext(d.t.Context(), d.program, append([]string{"watchdog"}, args...)...)
	cmd.Env = d.env
	said, err := cmd.StderrPipe()
	require.NoError(d.t, err)
	require.NoError(d.t, cmd.Start())
	lines := bufio.NewScanner(said)
	for lines.Scan() {
		require.NotContains(d.t, lines.Text(), beatSecret)
		if found := hearing.FindStringSubmatch(lines.Text()); found != nil {
			url = "http://" + found[1] + "/beat/" + beatSecret
			break
		}
	}
	require.NotEmpty(d.t, url, "it did not start")
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return cmd, url
}

// titles lists what was pushed to carol.
func (d *dog) titles() []string {
	var out []string
	for _, p := range d.sandbox.Phone.Pages("carol") {
		out = append(out, p.Title)
	}
	return out
}

func (d *dog) awaits(title string) {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return slices.Contains(d.titles(), title) }, 30*time.Second, 20*time.Millisecond, "%v", d.titles())
}

func TestWatchdogPagesUntilBeatsComeThoughItIsKilled(t *testing.T) {
	t.Parallel()
	d := newDog(t)
	cmd, _ := d.start("--after", "1s")
	d.awaits("Watchdog: Tocsin does not beat")
	require.Eventually(t, func() bool { return len(d.sandbox.Inbox.Messages(inbox.Query{To: "dave@example.org"})) == 1 }, 30*time.Second, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		kept, err := watchdog.LoadState(d.state)
		return err == nil && !kept.Paged.IsZero()
	}, 30*time.Second, 20*time.Millisecond, "until that is written a kill makes it page once more")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	cmd, url := d.start("--after", "1h")
	resp, err := http.Post(url, "text/plain", strings.NewReader("alive"))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	d.awaits("Watchdog: Tocsin beats again")
	require.Equal(t, []string{"Watchdog: Tocsin does not beat", "Watchdog: Tocsin beats again"}, d.titles())
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "to be told is no failure")
}

func TestWatchdogTestPage(t *testing.T) {
	t.Parallel()
	d := newDog(t)
	cmd := exec.CommandContext(t.Context(), d.program, "watchdog", "--test")
	cmd.Env = d.env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "mail 1     took the test page\npush 1     took the test page\n", string(out))
	require.Len(t, d.titles(), 1)

	cmd = exec.CommandContext(t.Context(), d.program, "watchdog", "--test")
	cmd.Env = append(d.env, "TOCSIN_NTFY_URL="+d.sandbox.URL()+"/nowhere")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "push 1     FAILED: ")
	require.Contains(t, string(out), "1 of 2 routes failed: see above")

	cmd = exec.CommandContext(t.Context(), d.program, "watchdog")
	cmd.Env = append(d.env, "TOCSIN_WATCHDOG_TOPICS=", "TOCSIN_WATCHDOG_MAIL_TO=", "TOCSIN_WATCHDOG_SECRET=")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "there is no route to anybody")
	require.Contains(t, string(out), "set TOCSIN_WATCHDOG_SECRET")
}
