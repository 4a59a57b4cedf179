package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Decode reads one YAML document into the struct that out points to. A key that
// the struct does not have is an error that says on which line it is and which
// keys there are, a key that is there twice is one too.
func Decode(data []byte, out any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("it is no YAML: %w", err)
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return errors.New("it holds more than one document")
	}
	if problems := unknown(&doc, reflect.TypeOf(out)); len(problems) > 0 {
		return errors.Join(problems...)
	}
	return doc.Decode(out)
}

// unknown lists the keys of a node that its type does not have.
func unknown(node *yaml.Node, of reflect.Type) []error {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	var problems []error
	switch {
	case node.Kind == yaml.AliasNode:
		return unknown(node.Alias, of)
	case node.Kind == yaml.DocumentNode:
		return unknown(node.Content[0], of)
	case node.Kind == yaml.SequenceNode && of.Kind() == reflect.Slice:
		for _, item := range node.Content {
			problems = append(problems, unknown(item, of.Elem())...)
		}
	case node.Kind == yaml.MappingNode && of.Kind() == reflect.Map:
		for n := 1; n < len(node.Content); n += 2 {
			problems = append(problems, unknown(node.Content[n], of.Elem())...)
		}
	case node.Kind == yaml.MappingNode && of.Kind() == reflect.Struct:
		return unknownKeys(node, keysOf(of))
	}
	return problems
}

func unknownKeys(node *yaml.Node, keys map[string]reflect.Type) []error {
	var problems []error
	for n := 0; n+1 < len(node.Content); n += 2 {
		key, value := node.Content[n], node.Content[n+1]
		if of, known := keys[key.Value]; known {
			problems = append(problems, unknown(value, of)...)
			continue
		}
		names := strings.Join(slices.Sorted(maps.Keys(keys)), ", ")
		problems = append(problems, fmt.Errorf("line %d: unknown key %q; the keys are %s", key.Line, key.Value, names))
	}
	return problems
}

// keysOf lists the keys of a struct, with those of what is inline in it.
func keysOf(of reflect.Type) map[string]reflect.Type {
	keys := map[string]reflect.Type{}
	for field := range of.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case options == "inline":
			maps.Copy(keys, keysOf(field.Type))
		case name == "":
			keys[strings.ToLower(field.Name)] = field.Type
		default:
			keys[name] = field.Type
		}
	}
	return keys
}
