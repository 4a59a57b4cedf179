package main_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store/storetest/postgres"
)

// build compiles the command once for the tests of this file.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "run")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return binary
}

type result struct {
	code           int
	stdout, stderr string
}

// call runs the command over a shell script, with env on top of ours and no
// server lent from outside.
func call(t *testing.T, binary, script string, env ...string) result {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), binary, "--", "sh", "-c", script)
	cmd.Env = append(append(os.Environ(), postgres.EnvDSN+"=", "TOCSIN_TEST_REQUIRE="), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func TestRun(t *testing.T) {
	binary := build(t)
	nowhere := postgres.EnvBinaries + "=" + t.TempDir()

	t.Run("passes the exit code", func(t *testing.T) {
		require.Equal(t, 7, call(t, binary, "exit 7", nowhere).code)
		require.Equal(t, 0, call(t, binary, "true", nowhere).code)
		require.Equal(t, 128+9, call(t, binary, "kill -9 $$", nowhere).code)
	})
	t.Run("says what is not tested", func(t *testing.T) {
		got := call(t, binary, "echo ran", nowhere)
		require.Equal(t, 0, got.code)
		require.Equal(t, "ran\n", got.stdout)
		require.Contains(t, got.stderr, "NOT TESTED")
		require.Contains(t, got.stderr, "install PostgreSQL")
	})
	t.Run("refuses when all is required", func(t *testing.T) {
		got := call(t, binary, "echo ran", nowhere, "TOCSIN_TEST_REQUIRE=all")
		require.Equal(t, 1, got.code)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, "install PostgreSQL")
	})
	t.Run("wants a command", func(t *testing.T) {
		out, err := exec.CommandContext(t.Context(), binary).CombinedOutput()
		require.Error(t, err)
		require.Contains(t, string(out), "say what to run")
	})
}

func TestRunLendsACluster(t *testing.T) {
	binary := build(t)
	got := call(t, binary, `echo "$TOCSIN_TEST_POSTGRES"`)
	if strings.Contains(got.stderr, "NOT TESTED") {
		require.NotEqual(t, "all", os.Getenv("TOCSIN_TEST_REQUIRE"))
		t.Skip(got.stderr)
	}
	require.Equal(t, 0, got.code, got.stderr)
	require.NoDirExists(t, clusterDir(t, got.stdout), "the cluster is gone with the command")
}

func TestRunForwardsSignalsAndLeavesNothing(t *testing.T) {
	binary := build(t)
	cmd := exec.CommandContext(t.Context(), binary, "--", "sh", "-c",
		`sleep 1000 & echo "$TOCSIN_TEST_POSTGRES"; echo $!; wait`)
	cmd.Env = append(os.Environ(), postgres.EnvDSN+"=", "TOCSIN_TEST_REQUIRE=")
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
