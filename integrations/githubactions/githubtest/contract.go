package githubtest

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

//go:embed testdata
var testdata embed.FS

// contract is GitHub's published description of its API.
type contract struct{ router routers.Router }

func load(name string) (*contract, error) {
	data, err := testdata.ReadFile("testdata/" + name + ".json")
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(data)
	if err != nil {
		return nil, fmt.Errorf("parse the description: %w", err)
	}
	doc.Servers = openapi3.Servers{{URL: "/"}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, fmt.Errorf("make a router of the description: %w", err)
	}
	return &contract{router}, nil
}

func (c *contract) input(r *http.Request, body []byte) (*openapi3filter.RequestValidationInput, error) {
	probe := r.Clone(r.Context())
	probe.URL, probe.Host = &url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}, ""
	probe.Body, probe.GetBody = io.NopCloser(bytes.NewReader(body)), nil
	route, params, err := c.router.FindRoute(probe)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: probe, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, MultiError: true},
	}, nil
}

// request returns what is wrong with a request, or nil.
func (c *contract) request(r *http.Request, body []byte) error {
	in, err := c.input(r, body)
	if err != nil {
		return err
	}
	return openapi3filter.ValidateRequest(r.Context(), in)
}

// answer returns what is wrong with the answer to a request, or nil. Of refusals
// the description says little.
func (c *contract) answer(r *http.Request, status int, header http.Header, body []byte) error {
	if status >= http.StatusBadRequest {
		return nil
	}
	in, err := c.input(r, nil)
	if err != nil {
		return err
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: status, Header: header, Options: in.Options}
	out.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(r.Context(), out)
}
