package devserver_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
)

// envServe makes the test binary a server over the file it names, so that a
// test has a process to kill.
const envServe = "DEVSERVER_TEST_SERVE"

func TestMain(m *testing.M) {
	if file := os.Getenv(envServe); file != "" {
		serve(file)
	}
	os.Exit(m.Run())
}

// serve prints the address of a server over file and never returns.
func serve(file string) {
	server, err := devserver.Start(context.Background(), devserver.Config{
		SQLiteFile:       file,
		Namespace:        namespace,
		Untuned:          true,
		SearchAttributes: map[string]enumspb.IndexedValueType{"TocsinPhase": enumspb.INDEXED_VALUE_TYPE_KEYWORD},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(server.FrontendAddr())
	select {}
}

// process is a server in a process of its own.
type process struct {
	addr string
	cmd  *exec.Cmd
}

func startProcess(t *testing.T, file string) process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), envServe+"="+file)
	cmd.Stderr = t.Output()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	require.True(t, lines.Scan(), "the server's process ended at once")
	return process{lines.Text(), cmd}
}

// kill ends the process with SIGKILL and returns when it is gone.
func (p process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	require.Error(t, p.cmd.Wait())
}
