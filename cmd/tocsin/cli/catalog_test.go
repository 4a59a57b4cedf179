package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
)

const example = "../../../deployments/catalog"

// edited copies the example, with one text of a file replaced.
func edited(t *testing.T, file, from, to string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(example)))
	path := filepath.Join(dir, file)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(data), from)
	require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(data), from, to)), 0o600))
	return dir
}

func TestValidateTheExample(t *testing.T) {
	clearEnvironment(t)
	require.Equal(t, "the catalog is valid (7 files)\n", tocsin(t, "catalog", "validate", example).ok())
}

func TestValidateSaysEverything(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(edited(t, "people.yaml", "zone: Asia/Singapore", "zone: Mars/Base"))
	got := tocsin(t, "catalog", "validate", ".")
	got.fails(1, "the catalog is not valid: 2 problems")
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	require.Len(t, lines, 2)
	require.Regexp(t, `^people.yaml:\d+: people\[frank\].zone: there is no zone "Mars/Base"`, lines[0])
	require.Regexp(t, `^people.yaml:\d+: people\[grace\].zone: `, lines[1])
	asJSON := tocsin(t, "catalog", "validate", ".", "--json")
	require.Equal(t, 1, asJSON.code)
	require.Contains(t, asJSON.out, `"file":"people.yaml"`)
}

func TestValidateWithoutFiles(t *testing.T) {
	clearEnvironment(t)
	t.Chdir(t.TempDir())
	tocsin(t, "catalog", "validate", "gone").fails(1, "read the catalog: stat gone: no such file or directory")
	tocsin(t, "catalog", "validate", ".").fails(1, "read the catalog: there is no *.yaml file in .")
}

func TestApply(t *testing.T) {
	w := newWorld(t)
	t.Setenv("TOCSIN_TOKEN", w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead))
	require.Equal(t, "nothing differs from version 1\n", tocsin(t, "catalog", "apply", example).ok())
	dir := edited(t, "people.yaml", "name: Bob Brandt", "name: Bob B.")
	require.Equal(t, "~ person bob (name)\n", tocsin(t, "catalog", "apply", dir, "--dry-run").ok())
	require.Equal(t, "1\n", tocsin(t, "catalog", "show", "--version").ok())
	tocsin(t, "catalog", "apply", dir, "--base", "7").fails(1, "version 1 is in force, and the files were made from 7: take its changes in first")
	require.Equal(t, "~ person bob (name)\nversion 2 is in force\n", tocsin(t, "catalog", "apply", dir, "--base", "1").ok())
	require.Equal(t, "2\n", tocsin(t, "catalog", "show", "--version").ok())
}

func TestApplyKeepsWhatIsUsed(t *testing.T) {
	w := newWorld(t)
	t.Setenv("TOCSIN_TOKEN", w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead))
	dir := edited(t, "services.yaml", "- id: checkout\n", "- id: checkout-2\n")
	got := tocsin(t, "catalog", "apply", dir, "--dry-run")
	require.Equal(t, "- service checkout\n+ service checkout-2\n! service checkout is used by INC-1\n", got.ok())
	tocsin(t, "catalog", "apply", dir).fails(1, "open incidents use what would be removed (missing: service checkout is used by INC-1)")
	require.Contains(t, tocsin(t, "catalog", "apply", dir, "--force").ok(), "version 2 is in force\n")
}

func TestApplySendsNothingBroken(t *testing.T) {
	newWorld(t)
	dir := edited(t, "services.yaml", "- id: checkout\n", "- id: search\n")
	got := tocsin(t, "catalog", "apply", dir)
	require.Equal(t, 1, got.code)
	require.Contains(t, got.out, "services.yaml:")
	require.Contains(t, got.err, "tocsin: the catalog is not valid: ")
}
