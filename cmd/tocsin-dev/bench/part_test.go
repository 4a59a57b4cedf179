package bench_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/bench"
)

func TestUsageOf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("THE MEMORY OF PROCESSES IS NOT READ: only Linux tells it")
	}
	other := exec.CommandContext(t.Context(), os.Args[0], bench.PartCommand)
	orders, err := other.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	for name, pid := range map[string]int{"this process": os.Getpid(), "another": other.Process.Pid} {
		var got bench.Usage
		require.Eventually(t, func() bool { // it may hardly have begun
			got = bench.UsageOf(pid)
			return got.Files > 0 && got.Resident > got.Files
		}, 10*time.Second, time.Millisecond, name)
		require.GreaterOrEqual(t, got.Peak, got.Resident, name)
		require.Less(t, got.Peak, 100_000., "%s has MB", name)
	}
	require.NoError(t, orders.Close())
	require.Error(t, other.Wait(), "it was told nothing")
	require.Zero(t, bench.UsageOf(other.Process.Pid), "it is gone")
}

func TestServePartRefuses(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"nothing":            {"", "read which part to be (only the bench starts this): EOF"},
		"no duty":            {"hello", "read which part to be"},
		"Tocsin, not set up": {`{"Engine": "127.0.0.1:1"}`, "set TOCSIN_DATABASE"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			require.ErrorContains(t, bench.ServePart(t.Context(), strings.NewReader(c.in), &out, t.Output()), c.want)
			require.Empty(t, out.String())
		})
	}
}

// program makes a program that is sh with a script, and notes its process.
func program(t *testing.T, script string) (path string, pid func() int) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "part")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho $$ > "+path+".pid\n"+script+"\n"), 0o700)) //nolint:gosec // to be run
	return path, func() int {
		text, err := os.ReadFile(filepath.Clean(path + ".pid"))
		require.NoError(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
		require.NoError(t, err)
		return pid
	}
}

func TestAPartThatDoesNotComeUp(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"gives up":       {"read order; echo out of luck >&2; exit 3", "Temporal did not come up: its answer: EOF; its end: exit status 3; its last words: out of luck"},
		"ends at once":   {"exit 0", "its end: in good order; its last words: none"},
		"makes no sense": {"read order; echo I am ready; read order", "Temporal did not come up: its answer: invalid character 'I'"},
		"never answers":  {"read order; read order", "Temporal did not come up: its answer: EOF; its end: context deadline exceeded; its last words: none"},
	} {
		t.Run(name, func(t *testing.T) {
			path, pid := program(t, c.script)
			left := t.TempDir()
			t.Setenv("TMPDIR", left)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			_, err := bench.Run(ctx, bench.Config{Quick: true, Only: []string{"open"}, Program: path})
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "measure open: ")
			require.ErrorIs(t, syscall.Kill(pid(), 0), syscall.ESRCH, "it runs still")
			entries, err := os.ReadDir(left)
			require.NoError(t, err)
			require.Empty(t, entries, "something was left behind")
		})
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	_, err := bench.Run(t.Context(), bench.Config{Quick: true, Only: []string{"open"}, Program: filepath.Join(t.TempDir(), "tocsin-dev")})
	require.ErrorContains(t, err, "measure open: start Temporal: ")
	require.ErrorIs(t, err, os.ErrNotExist)
}
