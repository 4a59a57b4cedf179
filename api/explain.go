package api

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// explain says where a request does not keep to the contract, and how. Values
// are never repeated.
func explain(err error) error {
	bad, ok := errors.AsType[*openapi3filter.RequestError](err)
	if !ok {
		return &fieldError{message: "the request does not keep to the contract"}
	}
	out := &fieldError{message: "is not valid"}
	if bad.Parameter != nil {
		out.field = bad.Parameter.Name
	}
	if schema, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		if bad.Parameter == nil {
			out.field = fieldPath(schema.JSONPointer())
		}
		out.message = reason(schema)
		if found := unsupported.FindStringSubmatch(schema.Reason); found != nil {
			out.field = strings.TrimPrefix(out.field+"."+found[1], ".")
			out.message = "is not a field of this request"
		}
		return out
	}
	switch {
	case errors.Is(err, openapi3filter.ErrInvalidRequired) && bad.Parameter == nil:
		out.message = "send a JSON object"
	case errors.Is(err, openapi3filter.ErrInvalidRequired):
		out.message = "is missing"
	case errors.Is(err, openapi3filter.ErrInvalidEmptyValue):
		out.message = "is empty"
	case bad.Parameter == nil:
		out.message = "the body is not JSON: send one JSON object"
	}
	return out
}

// unsupported is how the library words a field that the contract lacks.
var unsupported = regexp.MustCompile(`^property "(.{1,80})" is unsupported$`)

// reason words what a schema demands.
func reason(e *openapi3.SchemaError) string {
	if e.SchemaField == "format" && e.Schema.Format == "date-time" {
		return `must be an RFC 3339 time such as "2026-03-01T02:00:00Z"`
	}
	if e.SchemaField == "enum" {
		values, _ := json.Marshal(e.Schema.Enum)
		return "must be one of " + string(values)
	}
	return e.Reason
}

func fieldPath(pointer []string) string {
	var b strings.Builder
	for _, part := range pointer {
		switch {
		case part != "" && strings.Trim(part, "0123456789") == "":
			b.WriteString("[" + part + "]")
			continue
		case b.Len() > 0:
			b.WriteString(".")
		}
		b.WriteString(part)
	}
	return b.String()
}
