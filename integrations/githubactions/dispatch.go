package githubactions

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/systems"
)

// dispatch is what is sent.
type dispatch struct {
	Ref    string            `json:"ref"`
	Inputs map[string]string `json:"inputs,omitempty"`
	// Details asks for the run's id in the answer.
	Details bool `json:"return_run_details,omitempty"`
}

// Dispatch dispatches a workflow, provided that the plan is still what covers
// identifies. The run that it returns has no ID where the server is too old to
// say it. It fails with Unavailable when nobody knows whether it was dispatched;
// after any other kind it was not. Only what a server refused for asking too much
// is sent again.
func (s *System) Dispatch(ctx context.Context, r systems.WorkflowRequest, covers, key string) (systems.WorkflowRun, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.WorkflowRun{}, err
	}
	if covers != a.covers(s) {
		return systems.WorkflowRun{}, incident.Errorf(incident.Conflict, "the systems file says something else of this workflow than when it was planned")
	}
	body := dispatch{Ref: a.Ref, Inputs: a.given(key), Details: true}
	run, err := s.send(ctx, a, body)
	if rejected(err) {
		// An older server knows no such field, and did nothing.
		body.Details = false
		run, err = s.send(ctx, a, body)
	}
	return run, judged(err)
}

// rejected reports whether a server refused the field that asks for details.
func rejected(err error) bool {
	status, ok := errors.AsType[*rest.StatusError](err)
	return ok && (status.Code == http.StatusUnprocessableEntity || status.Code == http.StatusBadRequest) &&
		strings.Contains(string(status.Body), "return_run_details")
}

func (s *System) send(ctx context.Context, a asked, body dispatch) (systems.WorkflowRun, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return systems.WorkflowRun{}, incident.Errorf(incident.Invalid, "the inputs cannot be put as JSON")
	}
	var begun atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, s.base+"/workflows/"+a.File+"/dispatches", strings.NewReader(string(data)))
	if err != nil {
		return systems.WorkflowRun{}, incident.Errorf(incident.Invalid, "the request is none that can be made")
	}
	req.Header = s.header.Clone()
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if resp == nil && !begun.Load() {
		return systems.WorkflowRun{}, incident.Errorf(incident.Permanent, "%w; nothing was dispatched", err)
	}
	if err != nil {
		return systems.WorkflowRun{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct {
		ID int64 `json:"workflow_run_id"`
	}
	// A success of which the rest cannot be read is one all the same.
	_ = json.NewDecoder(resp.Body).Decode(&said)
	return systems.WorkflowRun{ID: said.ID}, nil
}

// judged gives the refusals of a dispatch their kinds.
func judged(err error) error {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return err
	}
	switch status.Code {
	case http.StatusUnauthorized, http.StatusForbidden:
		return incident.Errorf(incident.Forbidden, "%w", err)
	case http.StatusNotFound:
		return incident.Errorf(incident.NotFound, "%w; the repository or the file is not there, or the token may not see it", err)
	case http.StatusUnprocessableEntity, http.StatusBadRequest, http.StatusTooManyRequests:
		return incident.Errorf(incident.Refused, "%w", err)
	}
	return err
}
