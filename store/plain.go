package store

import (
	"reflect"

	"github.com/tocsinhq/tocsin/incident"
)

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
			field.SetString(incident.Plain(field.String()))
		case is.Anonymous && field.Kind() == reflect.Struct:
			clean(field)
		}
	}
}
