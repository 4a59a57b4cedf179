package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/labstack/echo/v4"

	"github.com/tocsinhq/tocsin/incident"
)

// check reads the body within its limit, validates the request and returns the
// body.
func (op operation) check(c echo.Context, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, op.body))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, err
		}
		return nil, &fieldError{message: "the body ended early"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && op.route.Operation.RequestBody != nil && !op.raw {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return nil, &incident.Error{Kind: unsupportedMedia, Message: "send Content-Type: application/json"}
		}
	}
	input := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: pathParams(c), QueryParams: r.URL.Query(), Route: op.route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, // admit has done it
			ExcludeRequestBody: op.raw, SkipSettingDefaults: true,
		},
	}
	if err := op.known(input); err != nil {
		return nil, err
	}
	if err := op.plain(input, body); err != nil {
		return nil, err
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return nil, explain(err)
	}
	if err := op.timely(input); err != nil {
		return nil, err
	}
	if _, err := url.ParseQuery(string(body)); err != nil && op.form() {
		return nil, &fieldError{message: "the body is no form: send name=value pairs"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// form reports whether the body is one, of a webhook.
func (op operation) form() bool {
	body := op.route.Operation.RequestBody
	return op.raw && body != nil && body.Value.Content.Get("application/x-www-form-urlencoded") != nil
}

// known refuses query parameters that the operation does not have: a filter
// with a slip of the pen must not list everything. Links and webhooks are let
// through: mail programs and JIRA add parameters of their own to them.
func (op operation) known(input *openapi3filter.RequestValidationInput) error {
	if op.open || op.raw {
		return nil
	}
	for name := range input.QueryParams {
		if op.route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return &fieldError{field: name, message: "is not a parameter of this operation"}
		}
	}
	return nil
}

// plain refuses text that no database keeps: a zero character, and what is no
// UTF-8. An incident that took it could never be recorded again. What is raw is
// for its own parser.
func (op operation) plain(input *openapi3filter.RequestValidationInput, body []byte) error {
	for name, value := range input.PathParams {
		// The generated stubs may decode it once more.
		if decoded, err := url.PathUnescape(value); err != nil || !isPlain(decoded) {
			return &fieldError{field: name, message: notPlain}
		}
	}
	for name, values := range input.QueryParams {
		if !isPlain(strings.Join(values, "")) {
			return &fieldError{field: name, message: notPlain}
		}
	}
	if !op.raw && hasZero(body) {
		return &fieldError{message: "the body holds a zero character: leave it out"}
	}
	return nil
}

const notPlain = "must be UTF-8 without zero characters"

func isPlain(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// hasZero reports whether a string of a JSON text holds a zero character, which
// JSON can only spell.
func hasZero(body []byte) bool {
	if !bytes.Contains(body, []byte(`\u0000`)) {
		return false
	}
	for dec := json.NewDecoder(bytes.NewReader(body)); ; {
		token, err := dec.Token()
		if err != nil {
			return false
		}
		if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
			return true
		}
	}
}

// The years that can be asked about: the ends of shifts lie behind what is asked
// about, and JSON ends with the year 9999.
const firstYear, lastYear = 1970, 2199

// timely refuses moments that no schedule has anything to do with.
func (op operation) timely(input *openapi3filter.RequestValidationInput) error {
	for _, p := range op.route.Operation.Parameters {
		if p.Value.In != openapi3.ParameterInQuery || p.Value.Schema.Value.Format != "date-time" {
			continue
		}
		at, err := time.Parse(time.RFC3339, input.QueryParams.Get(p.Value.Name))
		if err == nil && (at.Year() < firstYear || at.Year() > lastYear) {
			return &fieldError{field: p.Value.Name, message: fmt.Sprintf("must lie in the years %d to %d", firstYear, lastYear)}
		}
	}
	return nil
}

func pathParams(c echo.Context) map[string]string {
	out := map[string]string{}
	for i, name := range c.ParamNames() {
		out[name] = c.ParamValues()[i]
	}
	return out
}
