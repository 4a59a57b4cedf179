package main_test

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAServerThatWaitsForTemporalEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "tocsin")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	for _, command := range []string{"api", "intake", "worker"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), program, command)
			cmd.Env = append(
				os.Environ(),
				"TOCSIN_DATABASE=sqlite:"+filepath.Join(t.TempDir(), "tocsin.db"), "TOCSIN_LISTEN=127.0.0.1:0",
				"TOCSIN_PUBLIC_URL=http://127.0.0.1", "TOCSIN_LINK_KEY="+strings.Repeat("k", 32),
				"TEMPORAL_ADDRESS="+nobody(t),
			)
			said, err := cmd.StderrPipe()
			require.NoError(t, err)
			require.NoError(t, cmd.Start())
			line, err := bufio.NewReader(said).ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, line, "waiting for Temporal")
			require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
			require.NoError(t, cmd.Wait(), "to be told is no failure")
		})
	}
}

// nobody returns an address that nobody listens on.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	return l.Addr().String()
}
