package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/labstack/echo/v4"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// defaultBody is how large a body may be where the contract does not say.
	defaultBody = 256 << 10
	// patience is how long a request may take, unless it is a stream.
	patience = 10 * time.Second
)

// operation is what the contract says of one operation.
type operation struct {
	route   *routers.Route
	open    bool
	basic   bool
	scope   string
	persons bool
	body    int64
	raw     bool
	stream  bool
}

// readContract returns every operation of the document by its id.
func readContract() (map[string]operation, error) {
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	out := map[string]operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			route := &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}
			if out[op.OperationID], err = readOperation(route); err != nil {
				return nil, fmt.Errorf("read the contract: %s %s: %w", method, path, err)
			}
		}
	}
	return out, nil
}

// readOperation fails when the document forgets to say who may call: nothing
// is open by mistake.
func readOperation(route *routers.Route) (operation, error) {
	op := route.Operation
	out := operation{route: route, body: defaultBody}
	out.persons, _ = op.Extensions["x-persons-only"].(bool)
	out.raw, _ = op.Extensions["x-raw-body"].(bool)
	if limit, ok := op.Extensions["x-body-limit"].(float64); ok {
		out.body = int64(limit)
	}
	if ok := op.Responses.Value("200"); ok != nil && ok.Value.Content["text/event-stream"] != nil {
		out.stream = true
	}
	out.open = op.Security != nil && len(*op.Security) == 0
	if op.Security != nil {
		for _, requirement := range *op.Security {
			_, basic := requirement["basic"]
			out.basic = out.basic || basic
		}
	}
	scope, said := op.Extensions["x-scope"].(string)
	if !said && !out.open {
		return out, errors.New("x-scope is missing")
	}
	out.scope = scope
	return out, nil
}

// enforce holds a request against the contract, then lets it through.
func (s *server) enforce(op operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			who, err := s.admit(r, op)
			if err != nil {
				return err
			}
			ctx := context.WithValue(r.Context(), callerKey{}, who)
			if !op.stream {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, patience)
				defer cancel()
			}
			r = r.WithContext(ctx)
			if err := op.check(c, r); err != nil {
				return err
			}
			c.SetRequest(r)
			return next(c)
		}
	}
}

// admit says who is asking, when they may.
func (s *server) admit(r *http.Request, op operation) (caller, error) {
	who := caller{via: "api", json: wantsJSON(r)}
	if strings.HasPrefix(r.UserAgent(), "tocsin-cli/") {
		who.via = "cli"
	}
	if op.open {
		return who, nil
	}
	var err error
	who.identity, err = s.auth.identify(r, op.basic)
	switch {
	case err != nil:
		return who, err
	case op.persons && !who.identity.person():
		return who, incident.Errorf(incident.Forbidden, "only a person can do this: a machine's token cannot acknowledge, approve, waive or change a phase")
	case !who.identity.has(op.scope):
		return who, incident.Errorf(incident.Forbidden, "the token needs the scope %q", op.scope)
	}
	return who, nil
}

// check reads the body within its limit and validates the request.
func (op operation) check(c echo.Context, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, op.body))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return err
		}
		return &fieldError{message: "the body ended early"}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if len(body) > 0 && op.route.Operation.RequestBody != nil {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			return &incident.Error{Kind: unsupportedMedia, Message: "send Content-Type: application/json"}
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
		return err
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		return explain(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// known refuses query parameters that the operation does not have: a filter
// with a slip of the pen must not list everything.
func (op operation) known(input *openapi3filter.RequestValidationInput) error {
	for name := range input.QueryParams {
		if op.route.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return &fieldError{field: name, message: "is not a parameter of this operation"}
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
