// Package twiliocontract checks requests to Twilio, and the answers of what
// stands in for it, against the part of the API description that Twilio
// publishes under the Apache 2.0 licence.
package twiliocontract

import (
	"bytes"
	_ "embed"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
)

//go:embed twilio.openapi.json
var document []byte

// Check is a server that fails the test for each request to next that the
// description does not allow, and for each success of next's that it does not.
// A request that next refuses may be as wrong as it likes. What is not of the
// API passes by; prefix comes before its paths.
func Check(t testing.TB, prefix string, next http.Handler) http.Handler {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	require.NoError(t, err)
	doc.Servers = openapi3.Servers{{URL: "/"}}
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	concerns := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, prefix+"/2010-04-01/") }
	return wiretest.Watch(t, next, concerns, func(r *http.Request, body []byte, answer *http.Response) {
		if answer.StatusCode < http.StatusBadRequest {
			report(t, router, request{r, strings.TrimPrefix(r.URL.Path, prefix), body}, answer)
		}
	})
}

type request struct {
	*http.Request
	path string
	body []byte
}

func report(t testing.TB, router routers.Router, r request, answer *http.Response) {
	probe := r.Clone(r.Context())
	probe.URL, probe.Host = &url.URL{Path: r.path, RawQuery: r.URL.RawQuery}, ""
	probe.Body, probe.GetBody = io.NopCloser(bytes.NewReader(r.body)), nil
	route, params, err := router.FindRoute(probe)
	if err != nil {
		t.Errorf("against Twilio's description: %s %s: %v", r.Method, r.path, err)
		return
	}
	input := &openapi3filter.RequestValidationInput{
		Request: probe, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, MultiError: true, SkipSettingDefaults: true,
			IncludeResponseStatus: true,
		},
	}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		t.Errorf("against Twilio's description: %v", err)
	}
	unknown(t, route, r.body)
	err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.StatusCode, Header: answer.Header, Body: answer.Body, Options: input.Options,
	})
	if err != nil {
		t.Errorf("against Twilio's description: the answer: %v", err)
	}
}

// unknown fails the test for parameters that the description does not have: by
// its letter they are allowed, and Twilio ignores them.
func unknown(t testing.TB, route *routers.Route, body []byte) {
	if route.Operation.RequestBody == nil {
		return
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Errorf("against Twilio's description: the body is no form: %v", err)
	}
	schema := route.Operation.RequestBody.Value.Content.Get("application/x-www-form-urlencoded").Schema.Value
	for name := range form {
		if schema.Properties[name] == nil {
			t.Errorf("against Twilio's description: there is no parameter %s", name)
		}
	}
}
