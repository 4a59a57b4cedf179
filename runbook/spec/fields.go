package spec

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// NameText is a string that is a Name: the type of a field for what goes on to
// another system.
type NameText string

// Fields reads the parameters of a runbook from the struct that its function
// takes, one for each field; its name is the field's with underscores:
// ApproveWithin is approve_within. The type is that of the field (string,
// NameText, float64, int, bool or time.Duration), the rest its tags: about,
// optional ("true"), default, from, oneof (separated by spaces), match, min and
// max.
func Fields(of reflect.Type) ([]Param, error) {
	if of.Kind() != reflect.Struct {
		return nil, fmt.Errorf("the parameters of a runbook are a struct, not a %s", of)
	}
	var params []Param
	for field := range of.Fields() {
		p, err := param(field)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", of, field.Name, err)
		}
		params = append(params, p)
	}
	return params, nil
}

func param(f reflect.StructField) (Param, error) {
	kind, known := typeOf(f.Type)
	switch {
	case !f.IsExported():
		return Param{}, fmt.Errorf("a parameter's field must be exported")
	case !known:
		return Param{}, fmt.Errorf("a parameter is no %s: use string, a name, float64, int, bool or time.Duration", f.Type)
	}
	p := Param{
		Name: underscore(f.Name), About: f.Tag.Get("about"), Type: kind, Optional: f.Tag.Get("optional") == "true",
		Default: f.Tag.Get("default"), From: f.Tag.Get("from"),
		OneOf: append([]string(nil), strings.Fields(f.Tag.Get("oneof"))...), Match: f.Tag.Get("match"),
	}
	var err error
	if p.Min, err = bound(f.Tag.Get("min")); err != nil {
		return Param{}, err
	}
	p.Max, err = bound(f.Tag.Get("max"))
	return p, err
}

func typeOf(t reflect.Type) (Type, bool) {
	switch t {
	case reflect.TypeFor[string]():
		return Text, true
	case reflect.TypeFor[NameText]():
		return Name, true
	case reflect.TypeFor[float64]():
		return Number, true
	case reflect.TypeFor[int]():
		return Integer, true
	case reflect.TypeFor[bool]():
		return Boolean, true
	case reflect.TypeFor[time.Duration]():
		return Duration, true
	}
	return "", false
}

func bound(tag string) (*float64, error) {
	if tag == "" {
		return nil, nil //nolint:nilnil // no bound is no error
	}
	n, err := parseNumber(tag)
	if err != nil {
		return nil, fmt.Errorf("the bound %q is no number", tag)
	}
	return &n, nil
}

// underscore makes approve_within of ApproveWithin, and url of URL.
func underscore(name string) string {
	var out strings.Builder
	letters := []rune(name)
	for n, r := range letters {
		starts := n > 0 && unicode.IsUpper(r) &&
			(!unicode.IsUpper(letters[n-1]) || n+1 < len(letters) && unicode.IsLower(letters[n+1]))
		if starts {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}

// Fill sets the fields of the struct that a pointer points to. The values are
// those that Resolve returned for its parameters.
func Fill(values Values, into any) error {
	to := reflect.ValueOf(into).Elem()
	for n := range to.NumField() {
		name := underscore(to.Type().Field(n).Name)
		if text := values[name].Text; text != "" {
			if err := set(to.Field(n), text); err != nil {
				return fmt.Errorf("parameter %s: %w", name, err)
			}
		}
	}
	return nil
}

func set(field reflect.Value, text string) error {
	switch field.Interface().(type) {
	case string, NameText:
		field.SetString(text)
	case float64:
		n, err := parseNumber(text)
		if err != nil {
			return err
		}
		field.SetFloat(n)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		field.SetInt(int64(n))
	case bool:
		field.SetBool(text == "true")
	case time.Duration:
		d, err := parseDuration(text)
		if err != nil {
			return err
		}
		field.SetInt(int64(d))
	}
	return nil
}
