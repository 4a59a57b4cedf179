// Package jiracontract checks requests to JIRA Cloud, and answers of whatever
// stands in for it, against the API description that Atlassian publishes.
//
// The description is of version 3 of the API. Version 2 has the same
// operations, but takes and returns texts as strings of wiki markup where
// version 3 has documents; the description leaves those values open, so that
// one check serves for both.
//
// The file is found by the environment variable TOCSIN_JIRA_CONTRACT, or in
// shared/contracts beside a folder above the package under test. Where there
// is none, tests fail under TOCSIN_TEST_REQUIRE=all, and otherwise say that
// nothing was checked.
package jiracontract

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// ErrAbsent says that the published description is not on this machine.
var ErrAbsent = errors.New("the published description of JIRA's API was not found, set TOCSIN_JIRA_CONTRACT to its file")

// jiraDateTime is how Jira writes times: with an offset that has no colon.
var jiraDateTime = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$`)

// Contract is the published description, ready to check with.
type Contract struct {
	router routers.Router
}

// Load reads the description from the file that it is found in. It returns
// ErrAbsent when there is none. Reading takes half a second, so that one
// Contract serves a whole test binary.
func Load() (*Contract, error) { return load() }

var load = sync.OnceValues(func() (*Contract, error) {
	path, err := find()
	if err != nil {
		return nil, err
	}
	return read(path)
})

func find() (string, error) {
	if path := os.Getenv("TOCSIN_JIRA_CONTRACT"); path != "" {
		return path, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the working directory: %w", err)
	}
	for {
		path := filepath.Join(dir, "shared", "contracts", "jira-cloud.openapi.json")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrAbsent
		}
		dir = parent
	}
}

func read(path string) (*Contract, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s does not exist", ErrAbsent, path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("parse the description %s: %w", path, err)
	}
	// The document's own validation fails on conflicting templated paths.
	doc.Servers = openapi3.Servers{{URL: "/"}}
	doc.Security = nil
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			operation.Security = nil
		}
	}
	allowNullWhereAnythingGoes(doc)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("make a router of the description: %w", err)
	}
	return &Contract{router: router}, nil
}

// allowNullWhereAnythingGoes mends a habit of the description: it gives values
// of any type an empty schema, which by the letter of OpenAPI excludes null,
// and fields of an issue without a value are null.
func allowNullWhereAnythingGoes(doc *openapi3.T) {
	for _, schema := range doc.Components.Schemas {
		allowNull(schema)
	}
}

func allowNull(schema *openapi3.SchemaRef) {
	if schema == nil || schema.Ref != "" || schema.Value == nil {
		return
	}
	if anything(schema.Value) {
		schema.Value.Nullable = true
	}
	for _, child := range schema.Value.Properties {
		allowNull(child)
	}
	allowNull(schema.Value.AdditionalProperties.Schema)
	allowNull(schema.Value.Items)
}

func anything(s *openapi3.Schema) bool {
	return s.Type == nil && len(s.AllOf)+len(s.AnyOf)+len(s.OneOf) == 0
}

// input is a request as the validator wants it, on the path of version 3.
func (c *Contract) input(ctx context.Context, r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	_, rest, ok := strings.Cut(r.URL.Path, "/rest/api/2/")
	if !ok {
		return nil, fmt.Errorf("%s is no path of the API's version 2", r.URL.Path)
	}
	probe := r.Clone(ctx)
	probe.URL = &url.URL{Path: "/rest/api/3/" + rest, RawQuery: r.URL.RawQuery}
	probe.Host = ""
	probe.Body = io.NopCloser(bytes.NewReader(body))
	probe.GetBody = nil
	route, params, err := c.router.FindRoute(probe)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: probe, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
			MultiError:            true,
			SkipSettingDefaults:   true,
			// The schema of multipart uploads is beyond the validator.
			ExcludeRequestBody: strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/"),
			SchemaValidationOptions: []openapi3.SchemaValidationOption{
				openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(checkDateTime)),
			},
		},
	}, nil
}

func checkDateTime(text string) error {
	if !jiraDateTime.MatchString(text) {
		return fmt.Errorf("%q is not how Jira writes a time", text)
	}
	return nil
}

// CheckRequest returns what is wrong with a request, whose body is given
// apart, or nil.
func (c *Contract) CheckRequest(r *http.Request, body []byte) error {
	ctx := context.WithoutCancel(r.Context())
	in, err := c.input(ctx, r, body)
	if err != nil {
		return err
	}
	if err := openapi3filter.ValidateRequest(ctx, in); err != nil {
		return fmt.Errorf("request %s %s: %w", r.Method, r.URL.Path, err)
	}
	return nil
}

// CheckResponse returns what is wrong with the answer to a request, or nil.
// Error codes that the description does not name for the operation, as it
// names few, and bodies that are described nowhere pass.
func (c *Contract) CheckResponse(r *http.Request, status int, header http.Header, body []byte) error {
	ctx := context.WithoutCancel(r.Context())
	in, err := c.input(ctx, r, nil)
	if err != nil {
		return err
	}
	if undescribed(in.Route, status, body) {
		return nil
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header, Options: in.Options,
	}
	answer.SetBodyBytes(body)
	if err := openapi3filter.ValidateResponse(ctx, answer); err != nil {
		return fmt.Errorf("answer %d to %s %s: %w", status, r.Method, r.URL.Path, err)
	}
	return nil
}

// undescribed tells that the description says nothing of the body, or that it
// gives one link where a list is what the service answers, as it does for
// remote links.
func undescribed(route *routers.Route, status int, body []byte) bool {
	response := route.Operation.Responses.Status(status)
	if response == nil || response.Value == nil {
		return status >= http.StatusBadRequest
	}
	if route.Operation.OperationID == "getRemoteIssueLinks" && bytes.HasPrefix(body, []byte("[")) {
		return true
	}
	media := response.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return true
	}
	return len(body) == 0 && anything(media.Schema.Value)
}
