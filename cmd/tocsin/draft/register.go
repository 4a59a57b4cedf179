package draft

import (
	"bytes"
	"errors"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
)

// errShape says that the list of all runbooks is not written as it was made.
var errShape = errors.New("the list of runbooks has another shape")

// register adds a runbook to the list that the function All of a file returns,
// as its last line. It fails, and changes nothing, where that is not as it was
// made.
func register(path, constructor string) error {
	path = filepath.Clean(path)
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	end, err := endOfList(text)
	if err != nil {
		return err
	}
	text = slices.Insert(text, end, []byte("\t\t"+constructor+"(),\n")...)
	if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
		return errShape
	}
	// The whole of it at once: a file that is half written lists nothing.
	next := path + ".new"
	err = os.WriteFile(next, text, info.Mode().Perm())
	if err == nil {
		err = os.Rename(next, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(next))
	}
	return nil
}

// endOfList is where the line begins that closes the list: func All ends with a
// return of it, an element a line.
func endOfList(text []byte) (int, error) {
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, list, text, parser.SkipObjectResolution)
	if err != nil {
		return 0, err
	}
	for _, d := range f.Decls {
		all, ok := d.(*ast.FuncDecl)
		if !ok || all.Name.Name != "All" || all.Body == nil || len(all.Body.List) != 1 {
			continue
		}
		back, ok := all.Body.List[0].(*ast.ReturnStmt)
		if !ok || len(back.Results) != 1 {
			continue
		}
		values, ok := back.Results[0].(*ast.CompositeLit)
		if !ok || files.Position(values.Rbrace).Line == files.Position(values.Lbrace).Line {
			continue
		}
		at := files.Position(values.Rbrace).Offset
		return bytes.LastIndexByte(text[:at], '\n') + 1, nil
	}
	return 0, errShape
}
