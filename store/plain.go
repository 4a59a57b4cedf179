package store

import (
	"reflect"
	"strings"
)

// plain is a text as it may be recorded, whatever it is: PostgreSQL keeps no
// zero characters and nothing but UTF-8, and an incident whose record is refused
// would be stuck for ever.
func plain(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

// plainly returns a row, a struct with db tags or a pointer to one, with each of
// its texts as it may be recorded.
func plainly[T any](row T) T {
	clean(reflect.Indirect(reflect.ValueOf(&row).Elem()))
	return row
}

func clean(row reflect.Value) {
	for is, field := range row.Fields() {
		switch {
		case field.Kind() == reflect.String:
			field.SetString(plain(field.String()))
		case is.Anonymous && field.Kind() == reflect.Struct:
			clean(field)
		}
	}
}
