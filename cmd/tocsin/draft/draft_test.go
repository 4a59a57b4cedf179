package draft_test

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/cmd/tocsin/draft"
)

// names are of every kind that there is: some of their files would be left out
// of a build by the ending of their names.
var names = []string{"drain-queue", "drain-2-queues", "q", "load-test", "restart-windows", "x-linux-arm64"}

const run = "^Test(DrainQueue|Drain2Queues|Q|LoadTest|RestartWindows|XLinuxArm64)$"

// root is the folder of Tocsin's own module.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../../..")
	require.NoError(t, err)
	return dir
}

// checkout is what the command looks at of a checkout: go.mod, and the runbooks.
func checkout(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "runbooks"), 0o750))
	files, err := filepath.Glob(filepath.Join(root(t), "runbooks", "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range append(files, filepath.Join(root(t), "go.mod")) {
		name, err := filepath.Rel(root(t), file)
		require.NoError(t, err)
		put(t, filepath.Join(dir, name), read(t, file))
	}
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// gofmt fails unless a file is as gofmt writes it.
func gofmt(t *testing.T, path string) {
	t.Helper()
	text := read(t, path)
	formatted, err := format.Source([]byte(text))
	require.NoError(t, err)
	require.Equal(t, string(formatted), text)
}

// passes has the go command do something, without asking anybody for modules.
func passes(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "go %s: %s", strings.Join(args, " "), out)
	return string(out)
}

// TestInACheckout writes runbooks into one, and has the real module build and
// test them beside its own.
func TestInACheckout(t *testing.T) {
	dir, home := checkout(t), root(t)
	t.Chdir(filepath.Join(dir, "runbooks"))
	beside := map[string]string{filepath.Join(home, "runbooks", "runbooks.go"): filepath.Join(dir, "runbooks", "runbooks.go")}
	for _, name := range names {
		d, err := draft.Write(name, ".", []string{"rollback"})
		require.NoError(t, err)
		require.Equal(t, "runbooks.go", d.List)
		require.Empty(t, d.Line)
		require.Len(t, d.Files, 2)
		for _, file := range d.Files {
			gofmt(t, file)
			beside[filepath.Join(home, "runbooks", file)] = filepath.Join(dir, "runbooks", file)
		}
	}
	gofmt(t, "runbooks.go")
	require.Equal(t, len(names), strings.Count(read(t, "runbooks.go"), "\n")-strings.Count(read(t, filepath.Join(home, "runbooks", "runbooks.go")), "\n"))

	overlay, err := json.Marshal(map[string]any{"Replace": beside})
	require.NoError(t, err)
	file := filepath.Join(dir, "overlay.json")
	put(t, file, string(overlay))
	passes(t, home, "vet", "-overlay", file, "./runbooks")
	out := passes(t, home, "test", "-count=1", "-v", "-overlay", file, "-run", run+"|^TestAllCanBeRegistered$", "./runbooks")
	require.Equal(t, len(names)+1, strings.Count(out, "\n--- PASS: "), out)
}

// TestInAnotherModule writes runbooks into one that has Tocsin for a dependency.
func TestInAnotherModule(t *testing.T) {
	dir := t.TempDir()
	mod := strings.Replace(read(t, filepath.Join(root(t), "go.mod")), "module github.com/tocsinhq/tocsin", "module example.org/ours", 1)
	put(t, filepath.Join(dir, "go.mod"), mod+"\nrequire github.com/tocsinhq/tocsin v0.0.0\n\nreplace github.com/tocsinhq/tocsin => "+root(t)+"\n")
	put(t, filepath.Join(dir, "go.sum"), read(t, filepath.Join(root(t), "go.sum")))
	put(t, filepath.Join(dir, "Automation-2", "README.md"), "no package yet")
	put(t, filepath.Join(dir, "here", "here.go"), "// Package ours has runbooks.\npackage ours\n")
	put(t, filepath.Join(dir, "here", "tool.go"), "//go:build ignore\n\npackage main\n")
	for folder, name := range map[string]string{"Automation-2": "automation2", "here": "ours"} {
		t.Chdir(filepath.Join(dir, folder))
		for _, book := range names {
			d, err := draft.Write(book, ".", nil)
			require.NoError(t, err)
			require.Empty(t, d.List)
			require.Regexp(t, `^[A-Z][A-Za-z0-9]*\(\),$`, d.Line)
			require.Regexp(t, `^go mod tidy && go test -run '\^Test\w+\$' \.$`, d.Run)
			for _, file := range d.Files {
				gofmt(t, file)
				require.Contains(t, read(t, file), "package "+name+"\n")
			}
		}
	}
	passes(t, dir, "vet", "-mod=mod", "./...")
	out := passes(t, dir, "test", "-mod=mod", "-count=1", "-v", "-run", run, "./...")
	require.Equal(t, 2*len(names), strings.Count(out, "\n--- PASS: ")+strings.Count(out[:len("--- PASS: ")], "--- PASS: "), out)
}

// Go leaves a package documentation out, and takes one main for a program.
func TestAFolderIsNoPackageThatGoLeavesOut(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "go.mod"), "module example.org/ours\n")
	for _, folder := range []string{"documentation", "main", "func", "42"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, folder), 0o750))
		d, err := draft.Write("drain-queue", filepath.Join(dir, folder), nil)
		require.NoError(t, err)
		require.Contains(t, read(t, d.Files[0]), "package runbooks\n", folder)
	}
}

// files lists all that is in a folder, with what it holds.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			out[path] = read(t, path)
		}
		return err
	}))
	return out
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name, says string
		ready      func(t *testing.T, dir string)
		badName    bool
	}{
		{name: "", says: `"" is not lower-case words joined by hyphens`, badName: true},
		{name: "Drain", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "drain_queue", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "drain--queue", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "-drain", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "2-drains", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "../drain", says: "is not lower-case words joined by hyphens", badName: true},
		{name: "drain\n", says: "is not lower-case words joined by hyphens", badName: true},
		{name: strings.Repeat("d", 61), says: "at most 60 letters", badName: true},
		{name: "range", says: "it needs range, which is a word of Go: take another", badName: true},
		{name: "string", says: "it needs string, which is a word of Go", badName: true},
		{name: "init", says: "it needs init, which is a word of Go", badName: true},
		{name: "time", says: "it needs time, which is a package that it imports", badName: true},
		{name: "redis", says: "it needs redis, which is in runbooks.go already", badName: true},
		{name: "step-back", says: "it needs stepBack, which is in helpers.go already", badName: true, ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "helpers.go"), "package runbooks\n\nvar stepBack, other = 1, 2\n")
		}},
		{name: "cells", says: "it needs cells, which is in helpers.go already", badName: true, ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "helpers.go"), "package runbooks\n\nimport \"example.org/cells/v2\"\n\nvar _ = cells.All\n")
		}},
		{name: "yaml", says: "it needs yaml, which is in helpers.go already", badName: true, ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "helpers.go"), "package runbooks\n\nimport \"gopkg.in/yaml.v3\"\n\nvar _ = yaml.Marshal\n")
		}},
		{name: "rollback", says: "there is a runbook rollback already: it comes with Tocsin"},
		{name: "drain-queue", says: "runbooks/drain_queue.go is there already: nothing was written", ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "drain_queue.go"), "package runbooks\n")
		}},
		{name: "drain-queue", says: "runbooks/drain_queue_test.go is there already: nothing was written", ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "drain_queue_test.go"), "package runbooks_test\n")
		}},
		{name: "drain-queue", says: "correct what is here first", ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "runbooks", "broken.go"), "package runbooks\n\nfunc {\n")
		}},
		{name: "drain-queue", says: "this checkout of Tocsin has no folder runbooks", ready: func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "runbooks")))
		}},
		{name: "drain-queue", says: "there is no go.mod here or above", ready: func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, "go.mod")))
		}},
		{name: "drain-queue", says: "which package is here cannot be told", ready: func(t *testing.T, dir string) {
			t.Helper()
			put(t, filepath.Join(dir, "go.mod"), "module example.org/ours\n")
			put(t, filepath.Join(dir, "a.go"), "package a\n")
			put(t, filepath.Join(dir, "b.go"), "package b\n")
		}},
	} {
		t.Run(test.name+" "+test.says, func(t *testing.T) {
			dir := checkout(t)
			if test.ready != nil {
				test.ready(t, dir)
			}
			t.Chdir(dir)
			before := files(t, dir)
			_, err := draft.Write(test.name, ".", []string{"rollback"})
			require.ErrorContains(t, err, test.says)
			if test.badName {
				require.ErrorIs(t, err, draft.ErrName)
			} else {
				require.NotErrorIs(t, err, draft.ErrName)
			}
			require.Equal(t, before, files(t, dir))
		})
	}
}

func TestTheSameNameTwiceIsRefused(t *testing.T) {
	dir := checkout(t)
	t.Chdir(dir)
	d, err := draft.Write("drain-queue", ".", nil)
	require.NoError(t, err)
	require.Equal(t, draft.Draft{
		Name: "drain-queue", Files: []string{"runbooks/drain_queue.go", "runbooks/drain_queue_test.go"},
		List: "runbooks/runbooks.go", Run: "go test -run '^TestDrainQueue$' ./runbooks",
	}, d)
	before := files(t, dir)
	_, err = draft.Write("drain-queue", ".", nil)
	require.ErrorContains(t, err, "is there already: nothing was written")
	require.Equal(t, before, files(t, dir))
}

// TestAListOfAnotherShapeIsLeftAlone says the line to add instead.
func TestAListOfAnotherShapeIsLeftAlone(t *testing.T) {
	const head = "package runbooks\n\nimport \"github.com/tocsinhq/tocsin/runbook\"\n\n"
	for name, text := range map[string]string{
		"on one line":       head + "func All() []runbook.Runbook {\n\treturn []runbook.Runbook{rollback()}\n}\n",
		"none":              head + "func Every() []runbook.Runbook {\n\treturn []runbook.Runbook{\n\t\trollback(),\n\t}\n}\n",
		"made elsewhere":    head + "func All() []runbook.Runbook { return every() }\n",
		"more than a list":  head + "func All() []runbook.Runbook {\n\tall := []runbook.Runbook{\n\t\trollback(),\n\t}\n\treturn all\n}\n",
		"an append":         head + "func All() []runbook.Runbook {\n\treturn append([]runbook.Runbook{\n\t\trollback(),\n\t}, more()...)\n}\n",
		"not as gofmt says": head + "func All() []runbook.Runbook {\n  return []runbook.Runbook{\n    rollback(),\n  }\n}\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t)
			t.Chdir(dir)
			path := filepath.Join(dir, "runbooks", "runbooks.go")
			put(t, path, text)
			d, err := draft.Write("drain-queue", ".", nil)
			require.NoError(t, err)
			require.Empty(t, d.List)
			require.Equal(t, "drainQueue(),", d.Line)
			require.Equal(t, text, read(t, path))
			require.NoFileExists(t, path+".new")
		})
	}
}
