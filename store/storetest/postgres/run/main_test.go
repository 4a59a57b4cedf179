package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

// envMain makes the test binary the command itself.
const envMain = "RUN_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is the command with args, with env on top of ours, and with no
// server lent from outside.
func program(t *testing.T, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(append(os.Environ(), envMain+"=1", postgres.EnvDSN+"=", envRequire+"="), env...)
	return cmd
}

type result struct {
	code           int
	stdout, stderr string
}

// call runs the command over a shell script.
func call(t *testing.T, script string, env ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := program(t, []string{"--", "sh", "-c", script}, env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestRun(t *testing.T) {
	nowhere := postgres.EnvBinaries + "=" + t.TempDir()

	t.Run("passes the exit code", func(t *testing.T) {
		require.Equal(t, 7, call(t, "exit 7", nowhere).code)
		require.Equal(t, 0, call(t, "true", nowhere).code)
		require.Equal(t, 128+9, call(t, "kill -9 $$", nowhere).code)
	})
	t.Run("says what is not tested", func(t *testing.T) {
		got := call(t, "echo ran", nowhere)
		require.Equal(t, 0, got.code)
		require.Equal(t, "ran\n", got.stdout)
		require.Contains(t, got.stderr, "NOT TESTED")
		require.Contains(t, got.stderr, "install PostgreSQL")
	})
	t.Run("refuses when all is required", func(t *testing.T) {
		got := call(t, "echo ran", nowhere, envRequire+"=all")
		require.Equal(t, 1, got.code)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, "install PostgreSQL")
	})
	t.Run("wants a command", func(t *testing.T) {
		out, err := program(t, nil).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "say what to run")
	})
}

func TestRunLendsACluster(t *testing.T) {
	got := call(t, `echo "$TOCSIN_TEST_POSTGRES"`)
	if strings.Contains(got.stderr, "NOT TESTED") {
		require.NotEqual(t, "all", os.Getenv(envRequire))
		t.Skip(got.stderr)
	}
	require.Equal(t, 0, got.code, got.stderr)
	require.NoDirExists(t, clusterDir(t, got.stdout), "the cluster is gone with the command")
}

func TestRunForwardsSignalsAndLeavesNothing(t *testing.T) {
	cmd := program(t, []string{"--", "sh", "-c", `sleep 1000 & echo "$TOCSIN_TEST_POSTGRES"; echo $!; wait`})
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan())
	dsn := lines.Text()
	require.True(t, lines.Scan())
	grandchild := lines.Text()

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.Equal(t, 128+int(syscall.SIGTERM), cmd.ProcessState.ExitCode())
	require.Eventually(t, func() bool {
		return exec.CommandContext(t.Context(), "kill", "-0", grandchild).Run() != nil
	}, 10*time.Second, 20*time.Millisecond, "the command's own children end with it")
	if dsn != "" {
		require.NoDirExists(t, clusterDir(t, dsn))
	}
}

// clusterDir is where the cluster of a connection string keeps its files.
func clusterDir(t *testing.T, dsn string) string {
	t.Helper()
	_, host, found := strings.Cut(strings.TrimSpace(dsn), "host=")
	require.True(t, found, dsn)
	dir, _, _ := strings.Cut(host, "&")
	return strings.ReplaceAll(dir, "%2F", "/")
}
