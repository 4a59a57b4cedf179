package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// transport is what go-jira sends its requests through: it authenticates, and
// leaves what an answer means to package rest, since go-jira takes a login
// page for a success and pastes whole bodies into its errors.
type transport struct {
	client       *rest.Client
	email, token string
}

func newTransport(config Config, host string) *transport {
	return &transport{email: config.Email, token: config.Token, client: rest.New(rest.Config{
		Name: "JIRA", Timeout: cmp.Or(config.Timeout, defaultTimeout), MaxAnswer: maxAnswer,
		Credentials: "TOCSIN_JIRA_EMAIL and TOCSIN_JIRA_TOKEN, and what that account may do",
		Explain:     explain, Secrets: []string{config.Token, config.Email, host},
	})}
}

// Do sends a request; see rest.Client.Do.
func (t *transport) Do(req *http.Request) (*http.Response, error) {
	req.SetBasicAuth(t.email, t.token)
	return t.client.Do(req)
}

// refusal is an error as Jira puts it: messages, and one for each field.
type refusal struct {
	Messages []string          `json:"errorMessages"`
	Fields   map[string]string `json:"errors"`
}

func explain(body []byte) string {
	var r refusal
	if json.Unmarshal(body, &r) != nil {
		return ""
	}
	words := r.Messages
	for _, field := range slices.Sorted(maps.Keys(r.Fields)) {
		words = append(words, field+": "+r.Fields[field])
	}
	return strings.Join(words, "; ")
}

// refusedFields are the fields that a 400 complains of, when it complains of
// nothing else.
func refusedFields(err error) []string {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok || status.Code != http.StatusBadRequest {
		return nil
	}
	var r refusal
	if json.Unmarshal(status.Body, &r) != nil || len(r.Messages) > 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(r.Fields))
}

// call makes one request of the REST API, below rest/api/2/.
func (t *Tracker) call(ctx context.Context, method, path string, body, out any) error {
	req, err := t.client.NewRequestWithContext(ctx, method, "rest/api/2/"+path, body)
	if err != nil {
		return incident.Errorf(incident.Invalid, "the request to JIRA cannot be made")
	}
	_, err = t.client.Do(req, out)
	return err
}

// failed says what was being done. go-jira wraps errors on their way; the one
// that package rest made is what counts, any other is an unreadable answer.
func failed(doing string, err error) error {
	known, ok := errors.AsType[*incident.Error](err)
	switch {
	case !ok:
		return incident.Errorf(incident.Unavailable, "%s: JIRA answered JSON that cannot be understood", doing)
	case known.Kind == incident.Conflict:
		// Somebody else was writing; everything here reads before it writes.
		return incident.Errorf(incident.Unavailable, "%s: %w", doing, known)
	}
	return fmt.Errorf("%s: %w", doing, known)
}

func hasStatus(err error, codes ...int) bool {
	status, ok := errors.AsType[*rest.StatusError](err)
	return ok && slices.Contains(codes, status.Code)
}
