package api_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

func document(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := contract()
	require.NoError(t, err)
	return doc
}

func TestDocumentIsValid(t *testing.T) {
	require.NoError(t, document(t).Validate(t.Context()))
}

// Whoever reads the document finds for every operation what it does, what to
// send, and how it fails.
func TestEveryOperationIsDescribed(t *testing.T) {
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			require.NotEmpty(t, op.Summary, name)
			require.NotEmpty(t, op.Description, name)
			require.NotEmpty(t, op.Tags, name)
			require.NotNil(t, op.Responses.Default(), name)
			if op.RequestBody != nil {
				for kind, body := range op.RequestBody.Value.Content {
					require.NotNil(t, body.Example, "%s as %s", name, kind)
				}
			}
			for _, p := range slices.Concat(op.Parameters, item.Parameters) {
				require.NotEmpty(t, p.Value.Description, "%s: %s", name, p.Value.Name)
				require.NotNil(t, p.Value.Example, "%s: %s", name, p.Value.Name)
			}
		}
	}
}

// The rules take only notes and links from a machine: the contract must not
// promise more.
func TestTheContractSaysWhatOnlyPeopleDo(t *testing.T) {
	var machines []string
	for _, item := range document(t).Paths.Map() {
		for _, op := range item.Operations() {
			persons, _ := op.Extensions["x-persons-only"].(bool)
			if op.Extensions["x-scope"] == api.ScopeRespond && !persons {
				machines = append(machines, op.OperationID)
			}
		}
	}
	require.ElementsMatch(t, []string{"addNote", "addLink"}, machines)
}

// The examples are what people copy: each must be a request that is accepted.
func TestExamplesKeepToTheContract(t *testing.T) {
	doc := document(t)
	router, err := gorillamux.NewRouter(doc)
	require.NoError(t, err)
	fill := strings.NewReplacer("{number}", "INC-1", "{id}", "1", "{role}", "scribe", "{question}", "q", "{sequence}", "1", "{token}", "t")
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			for kind, media := range op.RequestBody.Value.Content {
				require.NoError(t, media.Schema.Value.VisitJSON(media.Example, openapi3.VisitAsRequest()), "%s %s as %s", method, path, kind)
			}
			r := httptest.NewRequest(method, fill.Replace(path), http.NoBody)
			route, params, err := router.FindRoute(r)
			require.NoError(t, err)
			input := &openapi3filter.RequestValidationInput{
				Request: r, PathParams: params, Route: route,
				Options: &openapi3filter.Options{ExcludeRequestBody: true, AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
			}
			require.NoError(t, openapi3filter.ValidateRequest(t.Context(), input))
		}
	}
}

// The document names the fields of types that live elsewhere. This finds the
// one that was added there and not here.
func TestDocumentKnowsEveryFieldOfTheDomain(t *testing.T) {
	schemas := document(t).Components.Schemas
	for name, v := range map[string]any{
		"Acknowledge": incident.Acknowledge{}, "Decline": incident.Decline{}, "Escalate": incident.Escalate{},
		"Reassign": incident.Reassign{}, "Classify": incident.Classify{}, "AssignRole": incident.AssignRole{},
		"AddResponder": incident.AddResponder{}, "Note": incident.Note{}, "AddLink": incident.AddLink{},
		"SetStatus": incident.SetStatus{}, "PostUpdate": incident.PostUpdate{}, "Mitigate": incident.Mitigate{},
		"Resolve": incident.Resolve{}, "Reopen": incident.Reopen{}, "Cancel": incident.Cancel{},
		"MergeInto": incident.MergeInto{}, "Split": incident.Split{},
		"CorrectStamp": incident.CorrectStamp{}, "AddFollowUp": incident.AddFollowUp{}, "StartRun": incident.StartRun{},
		"Outcome": incident.Outcome{}, "Entry": incident.Entry{}, "Actor": incident.Actor{}, "Impact": incident.Impact{},
		"Target": oncall.Target{}, "Shift": oncall.Shift{}, "Span": oncall.Span{}, "FixedShift": oncall.FixedShift{}, "Window": oncall.Window{}, "FollowUp": incident.FollowUp{}, "Run": incident.Run{},
		"Question": incident.Question{}, "Offer": incident.Offer{}, "StatusUpdate": incident.StatusUpdate{},
		"AlertState": incident.AlertState{}, "Clocks": incident.Clocks{}, "Counts": incident.Counts{},
		"TicketRef": incident.TicketRef{}, "RunbookOffered": incident.RunbookOffered{},
		"IncidentSummary": gen.IncidentSummary{}, "Incident": gen.Incident{},
	} {
		schema := schemas[name]
		require.NotNil(t, schema, name)
		documented := map[string]string{}
		for field, s := range schema.Value.Properties {
			documented[field] = strings.Join(s.Value.Type.Slice(), " ")
		}
		require.Equal(t, jsonFields(reflect.TypeOf(v)), documented, name)
	}
}

// jsonFields returns the fields of a type with the types of their JSON.
func jsonFields(t reflect.Type) map[string]string {
	out := map[string]string{}
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			maps.Copy(out, jsonFields(f.Type))
		case f.IsExported() && name != "-":
			out[name] = jsonType(f.Type)
		}
	}
	return out
}

func jsonType(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Time](), t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Slice:
		return "array"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Int:
		return "integer"
	}
	return "object"
}

func TestServerTimeOuts(t *testing.T) {
	s := api.NewHTTPServer(http.NotFoundHandler())
	for _, d := range []time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout} {
		require.Positive(t, d)
	}
}
