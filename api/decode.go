package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/labstack/echo/v4"
)

// binder decodes bodies for the generated stubs.
type binder struct{}

// Bind fills v from the body; io.EOF says that there is none. Operations with
// raw bodies get them as they came, for their own parsers and signatures.
func (binder) Bind(v any, c echo.Context) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	if raw, ok := v.(*json.RawMessage); ok {
		*raw = body
		return nil
	}
	return decode(body, v)
}

// decode reads exactly one JSON value and refuses unknown fields. An empty
// body is io.EOF, every other error a *fieldError.
func decode(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return io.EOF
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return explainJSON(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return &fieldError{message: "something follows the JSON: send one JSON object"}
	}
	return nil
}

func explainJSON(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &fieldError{field: e.Field, message: "is of the wrong type"}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &fieldError{field: strings.Trim(name, `"`), message: "is not a field of this request"}
	}
	if strings.HasPrefix(err.Error(), "parsing time") || strings.HasPrefix(err.Error(), "Time.UnmarshalJSON") {
		return &fieldError{message: `a time is not on the calendar: write RFC 3339 such as "2026-03-01T02:00:00Z"`}
	}
	return &fieldError{message: "the body is not JSON: send one JSON object"}
}
