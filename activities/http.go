package activities

import (
	"context"
	"net/http"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// HTTPSystem is a system that is spoken to over HTTP. Its errors are of kind
// Unavailable when nobody knows whether a request was obeyed; after any other
// kind nothing was changed.
type HTTPSystem interface {
	// Plan says which request would be made, without making it.
	Plan(r systems.HTTPRequest) (systems.HTTPPlan, error)
	// Send makes the request, provided that it is what covers identifies; empty
	// covers any.
	Send(ctx context.Context, r systems.HTTPRequest, covers, key string) (systems.HTTPAnswer, error)
}

// HTTP are the activities that ask systems over HTTP, by name.
type HTTP struct{ Systems map[string]HTTPSystem }

// HTTPOrder is one request to a named system.
type HTTPOrder struct {
	System  string              `json:"system"`
	Request systems.HTTPRequest `json:"request"`
	// Covers identifies the plan that was approved, Key the change.
	Covers string `json:"covers,omitempty"`
	Key    string `json:"key,omitempty"`
}

// PlanHTTP says which request would be made.
func (a *HTTP) PlanHTTP(_ context.Context, o HTTPOrder) (systems.HTTPPlan, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.HTTPPlan{}, Fail(err)
	}
	plan, err := s.Plan(o.Request)
	return plan, Fail(err)
}

// ReadHTTP makes a request that changes nothing.
func (a *HTTP) ReadHTTP(ctx context.Context, o HTTPOrder) (systems.HTTPAnswer, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err == nil && o.Request.Part != systems.HTTPVerify && !ReadsHTTP(o.Request.Method) {
		err = incident.Errorf(incident.Invalid, "%s is no method that only reads", o.Request.Method)
	}
	if err != nil {
		return systems.HTTPAnswer{}, Fail(err)
	}
	answer, err := s.Send(ctx, o.Request, "", "")
	return cleanAnswer(answer), Fail(cleanError(err))
}

// SendHTTP makes a request that changes something, provided that the systems
// file still says what was approved.
func (a *HTTP) SendHTTP(ctx context.Context, o HTTPOrder) (systems.HTTPAnswer, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err == nil && (o.Covers == "" || o.Key == "") {
		err = incident.Errorf(incident.Invalid, "a request that changes something names its plan and a key")
	}
	var answer systems.HTTPAnswer
	if err == nil {
		answer, err = s.Send(ctx, o.Request, o.Covers, o.Key)
	}
	return cleanAnswer(answer), Fail(cleanError(AfterOther(ctx, err)))
}

// cleanAnswer is an answer without what looks like a secret.
func cleanAnswer(a systems.HTTPAnswer) systems.HTTPAnswer {
	a.Body, a.Removed = clean(a.Body, 0, MaxOutput)
	return a
}

// ReadsHTTP reports whether a method only reads.
func ReadsHTTP(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (a *HTTP) system(name string) (HTTPSystem, error) {
	if a == nil {
		a = &HTTP{}
	}
	return systemOf("http", a.Systems, name)
}
