package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
)

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// problem is the body of an error.
type problem struct {
	Type, Title, Detail, Field string
	Status                     int
	Missing                    []string
	RequestID                  string `json:"request_id"`
}

type option func(*http.Request)

func header(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

// do sends a request as somebody and holds the answer against the contract.
func (w *world) do(as, method, path, body string, options ...option) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	require.NoError(w.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+w.tokens[as])
	}
	for _, o := range options {
		o(r)
	}
	response, err := w.client.Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	w.validate(r, response, data)
	return answer{w.t, response.StatusCode, response.Header, data}
}

// validate holds a response against the contract; what the contract does not
// know must be a problem all the same.
func (w *world) validate(r *http.Request, response *http.Response, body []byte) {
	w.t.Helper()
	require.NotEmpty(w.t, response.Header.Get("X-Request-Id"))
	asked := r.Clone(context.Background())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	route, params, err := w.contract.FindRoute(asked)
	if err != nil {
		require.Contains(w.t, []int{404, 405}, response.StatusCode, "%s %s is not in the contract", r.Method, r.URL)
		if !strings.HasPrefix(r.URL.Path, "/ack/") { // where a person reads, it is a page
			require.Equal(w.t, "application/problem+json", response.Header.Get("Content-Type"))
		}
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/") {
		input.Options.ExcludeResponseBody = true
		documented := route.Operation.Responses.Status(response.StatusCode)
		if documented == nil {
			documented = route.Operation.Responses.Default()
		}
		kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
		require.NotNil(w.t, documented.Value.Content[kind], "%s %s answers %s", r.Method, r.URL.Path, kind)
	}
	err = openapi3filter.ValidateResponse(context.Background(), input)
	require.NoError(w.t, err, "%s %s: %d %s", r.Method, r.URL.Path, response.StatusCode, body)
}

// want checks the status and reads the body.
func (a answer) want(status int, into ...any) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	for _, v := range into {
		require.NoError(a.t, json.Unmarshal(a.body, v))
	}
	return a
}

// problem checks that the answer is a problem of a kind.
func (a answer) problem(status int, kind string) problem {
	a.t.Helper()
	var p problem
	a.want(status, &p)
	require.Equal(a.t, api.ProblemType+kind, p.Type)
	require.Equal(a.t, status, p.Status)
	require.Equal(a.t, a.header.Get("X-Request-Id"), p.RequestID)
	return p
}
