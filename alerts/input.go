package alerts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// InputError says what is wrong with a request and what to send instead. Its
// message may be shown to whoever sent it.
type InputError struct {
	// Field is the path of the part that is wrong, such as
	// "alerts[3].status"; it is empty when the whole body is.
	Field   string
	Message string
}

// Error returns the field and the message on one line.
func (e *InputError) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}

func inputErrorf(field, format string, args ...any) *InputError {
	return &InputError{Field: field, Message: fmt.Sprintf(format, args...)}
}

// quote shows what was sent, without letting it fill the answer.
func quote(text string) string {
	if short := prefix(text, 60); short != text {
		return strconv.Quote(short + "…")
	}
	return strconv.Quote(text)
}

// decode reads one JSON value into v. field is the path of that value in the
// body; strict refuses names that v does not have.
func decode(data []byte, field string, strict bool, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if strict {
		dec.DisallowUnknownFields()
	}
	if err := dec.Decode(v); err != nil {
		return explain(err, field)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return inputErrorf(field, "has something after the end of the JSON: send one JSON object")
	}
	return nil
}

// explain turns an error of the JSON decoder into one about the request.
func explain(err error, field string) error {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		got, _, _ := strings.Cut(wrong.Value, " ")
		return inputErrorf(join(field, wrong.Field), "must be %s, got %s", kindName(wrong.Type), article(got))
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return inputErrorf(field, "is not JSON (at byte %d: %s): send one JSON object", syntax.Offset, syntax.Error())
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return inputErrorf(field, "has a field that is not known: %s", prefix(name, 80))
	}
	return inputErrorf(field, "is not complete JSON: send one JSON object")
}

func join(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	return path + "." + field
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "a list"
	case reflect.Int:
		return "a whole number"
	}
	return "an object"
}

func article(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	}
	return "a " + kind
}
