// Package draft writes the beginning of a new runbook: a file that compiles, and
// a test that passes.
package draft

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"
)

// module is Tocsin's own. In a checkout of it, runbooks are in their folder and
// on one list.
const (
	module = "github.com/tocsinhq/tocsin"
	folder = "runbooks"
	list   = "runbooks.go"
)

// maxName bounds the name of a runbook: people type it.
const maxName = 60

var (
	//go:embed runbook.go.tmpl
	runbookText string
	//go:embed runbook_test.go.tmpl
	testText string

	names = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
)

// ErrName is wrapped by the errors about a name that no runbook can have.
var ErrName = errors.New("that is no name for a runbook")

// Draft is a runbook that was written.
type Draft struct {
	Name string `json:"name"`
	// Files are the paths of what was written.
	Files []string `json:"files"`
	// List is the file that it was added to; without one Line is what somebody
	// has to add where the runbooks are listed.
	List string `json:"list,omitempty"`
	Line string `json:"line,omitempty"`
	// Run is the command that runs its test.
	Run string `json:"run"`
}

// words are what the templates are filled with.
type words struct {
	Name, Package, TestPackage                string
	Constructor, Function, Params, Step, Test string
	// Find is the expression by which the test has the runbook.
	Find string
}

// Write writes a runbook of that name, and its test, into the checkout of Tocsin
// that a folder is part of, where it adds it to the list of all; else into the
// folder itself, as a part of the package there. The paths that it returns are
// relative to the working directory, where they can be. Taken are the names of the
// runbooks that there are. It overwrites nothing, and leaves nothing behind when
// it fails.
func Write(name, dir string, taken []string) (Draft, error) {
	if err := check(name, taken); err != nil {
		return Draft{}, err
	}
	at, err := locate(dir)
	if err != nil {
		return Draft{}, err
	}
	base := filepath.Join(at.dir, fileName(name))
	d := Draft{Name: name, Files: []string{base + ".go", base + "_test.go"}}
	if err := absent(d.Files); err != nil {
		return Draft{}, err
	}
	w, err := at.words(name)
	if err != nil {
		return Draft{}, err
	}
	if err := writeAll(d.Files, w); err != nil {
		return Draft{}, err
	}
	d.Line = w.Constructor + "(),"
	d.Run = fmt.Sprintf("go test -run '^%s$' %s", w.Test, argument(at.dir))
	if !at.own {
		d.Run = "go mod tidy && " + d.Run
	} else if path := filepath.Join(at.dir, list); register(path, w.Constructor) == nil {
		d.List, d.Line = path, ""
	}
	return d, nil
}

// argument is a folder as the go command takes it.
func argument(dir string) string {
	dir = filepath.ToSlash(dir)
	if dir == "." || strings.HasPrefix(dir, "..") || filepath.IsAbs(dir) {
		return dir
	}
	return "./" + dir
}

// absent fails when one of the files is there.
func absent(files []string) error {
	for _, path := range files {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already: nothing was written", path)
		}
	}
	return nil
}

func check(name string, taken []string) error {
	if !names.MatchString(name) || len(name) > maxName {
		return fmt.Errorf("%w: %q is not lower-case words joined by hyphens, at most %d letters, such as drain-queue", ErrName, name, maxName)
	}
	if slices.Contains(taken, name) {
		return fmt.Errorf("there is a runbook %s already: it comes with Tocsin", name)
	}
	return nil
}

// fileName is the name of a runbook's file, without its ending. One that ends in
// test, or in a system that Go knows, would be left out of the build.
func fileName(name string) string {
	base := strings.ReplaceAll(name, "-", "_")
	nowhere := build.Context{
		GOOS: "nowhere", GOARCH: "nowhere", Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package p\n")), nil },
	}
	built, err := nowhere.MatchFile(".", base+".go")
	if err != nil || !built || strings.HasSuffix(base, "_test") {
		return base + "_runbook"
	}
	return base
}

// writeAll writes the runbook and its test, or neither.
func writeAll(files []string, w words) error {
	for n, text := range []string{runbookText, testText} {
		var out bytes.Buffer
		if err := template.Must(template.New("runbook").Parse(text)).Execute(&out, w); err != nil {
			return errors.Join(err, remove(files[:n]))
		}
		if err := create(files[n], out.Bytes()); err != nil {
			return errors.Join(err, remove(files[:n]))
		}
	}
	return nil
}

// create writes a file that must not be there.
func create(path string, data []byte) error {
	f, err := os.OpenFile(filepath.Clean(path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: nothing was written", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func remove(files []string) error {
	var failed error
	for _, path := range files {
		failed = errors.Join(failed, os.Remove(path))
	}
	return failed
}
