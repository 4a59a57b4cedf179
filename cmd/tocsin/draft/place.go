package draft

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// place is where a runbook is written.
type place struct {
	// dir is its path, from the working directory where that can be.
	dir string
	// own says that it is the folder of a checkout of Tocsin.
	own bool
	// name is that of the package there.
	name string
}

var (
	moduleLine = regexp.MustCompile(`(?m)^\s*module\s+"?([^\s"]+)`)
	version    = regexp.MustCompile(`[./]v\d+$`)
)

// locate finds where a runbook goes that is written in a folder.
func locate(dir string) (place, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return place{}, err
	}
	for root := dir; ; root = filepath.Dir(root) {
		text, err := os.ReadFile(filepath.Join(root, "go.mod"))
		switch {
		case err == nil:
			return within(root, dir, text)
		case !errors.Is(err, os.ErrNotExist):
			return place{}, err
		case root == filepath.Dir(root):
			return place{}, errors.New("there is no go.mod here or above: go to a checkout of Tocsin, or into a Go module of your own")
		}
	}
}

func within(root, dir string, mod []byte) (place, error) {
	found := moduleLine.FindSubmatch(mod)
	if found != nil && string(found[1]) == module {
		at := place{dir: relative(filepath.Join(root, folder)), own: true, name: folder}
		if _, err := os.Stat(at.dir); err != nil {
			return place{}, fmt.Errorf("this checkout of Tocsin has no folder %s: %w", folder, err)
		}
		return at, nil
	}
	pkg, err := build.ImportDir(dir, 0)
	if _, none := errors.AsType[*build.NoGoError](err); none {
		return place{dir: relative(dir), name: packageName(filepath.Base(dir))}, nil
	}
	if err != nil {
		return place{}, fmt.Errorf("which package is here cannot be told: %w", err)
	}
	return place{dir: relative(dir), name: pkg.Name}, nil
}

func relative(dir string) string {
	here, err := os.Getwd()
	if err != nil {
		return dir
	}
	if out, err := filepath.Rel(here, dir); err == nil {
		return out
	}
	return dir
}

// packageName makes a package of a folder that has none yet. What is called main
// would have to be a program, and what is called documentation Go leaves out.
func packageName(folder string) string {
	name := strings.Map(func(r rune) rune {
		if r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, folder)
	if name == "" || unicode.IsDigit(rune(name[0])) || token.IsKeyword(name) || name == "main" || name == "documentation" {
		return "runbooks"
	}
	return name
}

// words names what is written: in a checkout of Tocsin the function is exported,
// elsewhere what makes the runbook is, for whoever lists it. It fails when one of
// the names has another meaning there.
func (at place) words(name string) (words, error) {
	exported := camel(name)
	plain := strings.ToLower(exported[:1]) + exported[1:]
	w := words{Name: name, Package: at.name, TestPackage: at.name, Constructor: exported, Function: plain, Find: exported + "()"}
	if at.own {
		w.Constructor, w.Function, w.TestPackage, w.Find = plain, exported, at.name+"_test", fmt.Sprintf("find(t, %q)", name)
	}
	w.Params, w.Step, w.Test = exported+"Params", plain+"Step", "Test"+exported
	known, err := at.known()
	if err != nil {
		return w, err
	}
	for _, word := range []string{w.Constructor, w.Function, w.Params, w.Step, w.Test} {
		if what := known[word]; what != "" {
			return w, fmt.Errorf("%w: it needs %s, which is %s: take another", ErrName, word, what)
		}
	}
	return w, nil
}

// camel makes DrainQueue of drain-queue.
func camel(name string) string {
	var out strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		out.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return out.String()
}

// known are the names that mean something already: those of Go, of what a draft
// imports, and of the package's files.
func (at place) known() (map[string]string, error) {
	known := map[string]string{"init": "a word of Go", "main": "a word of Go"}
	for _, name := range types.Universe.Names() {
		known[name] = "a word of Go"
	}
	for word := token.BREAK; word <= token.VAR; word++ {
		known[word.String()] = "a word of Go"
	}
	for _, name := range []string{"errors", "fmt", "incident", "require", "runbook", "runbooktest", "strings", "testing", "time", "workflow"} {
		known[name] = "a package that it imports"
	}
	files, err := os.ReadDir(at.dir)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if filepath.Ext(file.Name()) != ".go" {
			continue
		}
		if err := declared(filepath.Join(at.dir, file.Name()), known); err != nil {
			return nil, err
		}
	}
	return known, nil
}

func declared(file string, known map[string]string) error {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("correct what is here first: %w", err)
	}
	learn := func(name string) {
		if known[name] == "" {
			known[name] = "in " + filepath.Base(file) + " already"
		}
	}
	for _, i := range f.Imports {
		where, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		name := packageOf(where)
		if i.Name != nil {
			name = i.Name.Name
		}
		learn(name)
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				learn(d.Name.Name)
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				for _, name := range specNames(s) {
					learn(name.Name)
				}
			}
		}
	}
	return nil
}

// packageOf is the package of an import path, which may end in a version.
func packageOf(where string) string {
	return path.Base(version.ReplaceAllString(where, ""))
}

func specNames(s ast.Spec) []*ast.Ident {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return []*ast.Ident{s.Name}
	case *ast.ValueSpec:
		return s.Names
	}
	return nil
}
