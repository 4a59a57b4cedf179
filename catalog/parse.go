package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"regexp"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// File is one YAML file of a catalog.
type File struct {
	Name string
	Data []byte
}

// Parse reads and validates a catalog. Its lists may be spread over several
// files in any order, which appends them; settings appear once. When anything
// is wrong the error is of type Problems and holds all of it.
func Parse(files ...File) (*Catalog, error) {
	src := newSource(files)
	c := new(Catalog)
	for _, f := range files {
		readFile(f, &decoder{source: src, file: f.Name}, c)
	}
	// A file that is not YAML hides everything that it declares: to call all
	// of that missing would bury the one thing to mend.
	if !src.failed[unreadable] {
		newChecker(c, src).all()
	}
	if len(src.problems) > 0 {
		return nil, src.sorted()
	}
	x, err := newIndex(c)
	if err != nil {
		return nil, fmt.Errorf("parse catalog: %w", err)
	}
	c.index = x
	return c, nil
}

// unreadable is the key under which it is noted that a file was not read to
// its end.
const unreadable = "\x00"

// readFile adds the documents of a file to the catalog.
func readFile(f File, d *decoder, c *Catalog) {
	documents := yaml.NewDecoder(bytes.NewReader(f.Data))
	for {
		var doc yaml.Node
		err := documents.Decode(&doc)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			d.failed[unreadable] = true
			d.reportAt(syntaxPlace(f.Name, err), "is not YAML: %s", yamlMessage.ReplaceAllString(err.Error(), ""))
			return
		}
		for _, root := range doc.Content {
			d.root(root, c)
		}
	}
}

func (d *decoder) root(n *yaml.Node, c *Catalog) {
	if n.Kind == yaml.MappingNode {
		d.value(n, "", reflect.ValueOf(c).Elem())
		return
	}
	if n.ShortTag() != "!!null" {
		d.reportAt(place{file: d.file, line: n.Line}, "must be a mapping such as \"services: [...]\"")
	}
}

var yamlMessage = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func syntaxPlace(file string, err error) place {
	line := 1
	if found := yamlMessage.FindStringSubmatch(err.Error()); found != nil && found[1] != "" {
		line, _ = strconv.Atoi(found[1])
	}
	return place{file: file, line: line}
}

// Load parses the named files of fsys, or all its *.yaml files in the order
// of their names. It fails when there is none, when one cannot be read, and
// as Parse does.
func Load(fsys fs.FS, names ...string) (*Catalog, error) {
	if len(names) == 0 {
		var err error
		if names, err = fs.Glob(fsys, "*.yaml"); err != nil {
			return nil, fmt.Errorf("load catalog: %w", err)
		}
	}
	if len(names) == 0 {
		return nil, errors.New("load catalog: there is no *.yaml file here")
	}
	files := make([]File, 0, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("load catalog: %w", err)
		}
		files = append(files, File{Name: name, Data: data})
	}
	return Parse(files...)
}
