package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/tocsinhq/tocsin/oncall"
)

// maxValues bounds how many values one file may hold, so that aliases of
// aliases cannot fill the memory.
const maxValues = 200_000

// decoder fills a value from YAML nodes. It is stricter than the library, and
// it notes where each value stands.
type decoder struct {
	*source
	file   string
	values int
}

var durationType = reflect.TypeFor[time.Duration]()

// value reads a node into a value. Whatever is wrong is reported and leaves
// the value as it is; null does so in silence.
func (d *decoder) value(n *yaml.Node, key string, into reflect.Value) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.values++; d.values > maxValues {
		d.overfull(n)
		return
	}
	if n.ShortTag() == "!!null" {
		return
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, key, into.Elem())
	case reflect.Slice:
		d.list(n, key, into)
	case reflect.Map:
		d.dictionary(n, key, into)
	case reflect.Struct:
		d.fields(n, key, into)
	default:
		d.scalar(n, key, into)
	}
}

// overfull reports, once, that a file holds too much.
func (d *decoder) overfull(n *yaml.Node) {
	if d.values == maxValues+1 {
		d.failed[unreadable] = true
		d.reportAt(place{file: d.file, line: n.Line}, "the file holds more than %d values", maxValues)
	}
}

// list appends, so that several files add to one list.
func (d *decoder) list(n *yaml.Node, key string, into reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		d.report(key, "must be a list")
		return
	}
	if into.IsNil() {
		into.Set(reflect.MakeSlice(into.Type(), 0, len(n.Content)))
	}
	around := d.nearest(key)
	for i, item := range n.Content {
		at := fmt.Sprintf("%s[%d]", key, into.Len())
		d.places[at] = place{d.file, item.Line, fmt.Sprintf("%s[%s]", around.shown, label(item, i))}
		element := reflect.New(into.Type().Elem()).Elem()
		d.value(item, at, element)
		into.Set(reflect.Append(into, element))
	}
}

// label returns what people call a member of a list: its id, its level or its
// name, else its number.
func label(n *yaml.Node, number int) string {
	for _, name := range []string{"id", "level", "name"} {
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == name && n.Content[i+1].Value != "" {
				return n.Content[i+1].Value
			}
		}
	}
	return strconv.Itoa(number)
}

// pairs calls yield for each name of a mapping, whose place it notes.
func (d *decoder) pairs(n *yaml.Node, key string, yield func(name, at string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.report(key, "must be a mapping of names to values")
		return
	}
	around := d.nearest(key)
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name := n.Content[i].Value
		at := place{d.file, n.Content[i].Line, path(around.shown, name)}
		if n.Content[i].Kind != yaml.ScalarNode {
			d.reportAt(place{d.file, at.line, around.shown}, "a name must be plain text")
			continue
		}
		if seen[name] {
			d.reportAt(at, "is set twice")
			continue
		}
		seen[name] = true
		d.enter(path(key, name), at, func() { yield(name, path(key, name), n.Content[i+1]) })
	}
}

// enter notes a place. The sections of the whole catalog may appear in several
// files, unless they are no lists.
func (d *decoder) enter(key string, at place, read func()) {
	first, again := d.places[key]
	if again && key == "settings" {
		d.reportAt(at, "may appear once, and is at %s:%d already", first.file, first.line)
		return
	}
	if !again {
		d.places[key] = at
	}
	read()
}

func path(around, name string) string {
	if around == "" {
		return name
	}
	return around + "." + name
}

func (d *decoder) fields(n *yaml.Node, key string, into reflect.Value) {
	known := fieldsOf(into.Type())
	d.pairs(n, key, func(name, at string, value *yaml.Node) {
		i := slices.IndexFunc(known, func(f field) bool { return f.name == name })
		if i >= 0 {
			d.value(value, at, into.FieldByIndex(known[i].index))
			return
		}
		d.report(at, "%s", unknown(into.Type(), name, known))
	})
}

// unknown says what to do about a field that is not read.
func unknown(t reflect.Type, name string, known []field) string {
	if t == reflect.TypeFor[oncall.Schedule]() && name == "overrides" {
		return "belong to the API, where they survive the next apply: make each with `tocsin override add`"
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	return "is not known here; known are " + strings.Join(names, ", ")
}

// field is what people write for one field of a struct, or of a struct
// embedded in it.
type field struct {
	name  string
	index []int
}

// fieldsOf returns the fields of a struct that people write.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name != "" && name != "-" {
			out = append(out, field{name, f.Index})
		}
	}
	return out
}

func (d *decoder) dictionary(n *yaml.Node, key string, into reflect.Value) {
	into.Set(reflect.MakeMap(into.Type()))
	d.pairs(n, key, func(name, at string, value *yaml.Node) {
		element := reflect.New(into.Type().Elem()).Elem()
		d.value(value, at, element)
		into.SetMapIndex(reflect.ValueOf(name).Convert(into.Type().Key()), element)
	})
}
