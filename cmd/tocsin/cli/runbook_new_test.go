package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A runbook is written without a server and without a token.
func TestRunbookNew(t *testing.T) {
	clearEnvironment(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.org/ours\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ours.go"), []byte("package ours\n"), 0o600))
	t.Chdir(dir)
	require.Equal(t, `wrote drain_queue.go
wrote drain_queue_test.go
to register it, add this line where your runbooks are listed:
  DrainQueue(),
try it:
  go mod tidy && go test -run '^TestDrainQueue$' .
`, tocsin(t, "runbook", "new", "drain-queue").ok())
	require.JSONEq(t, `{"name": "evict", "files": ["evict.go", "evict_test.go"], "line": "Evict(),", "run": "go mod tidy && go test -run '^TestEvict$' ."}`,
		tocsin(t, "runbook", "new", "evict", "--json").ok())

	tocsin(t, "runbook", "new", "drain-queue").fails(1, "drain_queue.go is there already: nothing was written")
	tocsin(t, "runbook", "new", "rollback").fails(1, "there is a runbook rollback already: it comes with Tocsin")
	tocsin(t, "runbook", "new", "flag-set").fails(1, "there is a runbook flag-set already: it comes with Tocsin")
	tocsin(t, "runbook", "new", "Drain").fails(2, `that is no name for a runbook: "Drain" is not lower-case words joined by hyphens, at most 60 letters, such as drain-queue`)
	tocsin(t, "runbook", "new").fails(2, "usage: tocsin runbook new NAME [flags]")
}

func TestRunbookNewInACheckout(t *testing.T) {
	clearEnvironment(t)
	list, err := os.ReadFile("../../../runbooks/runbooks.go")
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "runbooks"), 0o750))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "docs"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module github.com/tocsinhq/tocsin\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "runbooks", "runbooks.go"), list, 0o600))
	t.Chdir(filepath.Join(dir, "docs"))
	require.Equal(t, `wrote ../runbooks/drain_queue.go
wrote ../runbooks/drain_queue_test.go
added it to the list in ../runbooks/runbooks.go
try it:
  go test -run '^TestDrainQueue$' ../runbooks
`, tocsin(t, "runbook", "new", "drain-queue").ok())
}
