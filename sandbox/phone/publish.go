package phone

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tocsinhq/tocsin/sandbox/internal/wire"
)

const (
	maxMessage = 4096
	maxActions = 3
	maxBody    = 64 << 10
	// maxJSON is what ntfy reads of a push as JSON.
	maxJSON = 2 * maxMessage
)

// ntfyError is an error as ntfy answers it.
type ntfyError struct {
	Code int    `json:"code"`
	HTTP int    `json:"http"`
	Err  string `json:"error"`
}

// Error is the text of the answer.
func (e *ntfyError) Error() string { return e.Err }

func invalid(code int, format string, args ...any) error {
	return &ntfyError{Code: code, HTTP: http.StatusBadRequest, Err: "invalid request: " + fmt.Sprintf(format, args...)}
}

func tooLarge() error {
	return &ntfyError{Code: 41302, HTTP: http.StatusRequestEntityTooLarge, Err: "message or JSON body too large"}
}

// publish takes a push, as JSON or with headers.
func (s *Server) publish(parse func(*http.Request, []byte) (Page, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := s.receive(w, r, parse)
		if err != nil {
			refuse(w, err)
			return
		}
		wire.Write(w, http.StatusOK, map[string]any{
			"id": p.ID, "time": p.Received.Unix(), "event": "message", "topic": p.Topic, "title": p.Title,
			"message": p.Message, "priority": p.Priority, "tags": p.Tags, "click": p.Click, "actions": p.Actions,
		})
	})
}

func (s *Server) receive(w http.ResponseWriter, r *http.Request, parse func(*http.Request, []byte) (Page, error)) (Page, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if tooBig := new(http.MaxBytesError); errors.As(err, &tooBig) {
		return Page{}, tooLarge()
	}
	if err != nil {
		return Page{}, fmt.Errorf("read the push: %w", err)
	}
	p, err := parse(r, body)
	if err != nil {
		return Page{}, err
	}
	p.Key = cmp.Or(p.Key, r.Header.Get("Idempotency-Key"))
	if err := p.check(); err != nil {
		return Page{}, err
	}
	p.Message = cmp.Or(p.Message, "triggered")
	p.Priority = cmp.Or(p.Priority, 3)
	return s.keepPage(p)
}

func refuse(w http.ResponseWriter, err error) {
	known := new(ntfyError)
	if !errors.As(err, &known) {
		known = &ntfyError{Code: 50001, HTTP: http.StatusInternalServerError, Err: err.Error()}
	}
	wire.Write(w, known.HTTP, known)
}

func fromJSON(_ *http.Request, body []byte) (Page, error) {
	var in struct {
		Topic, Title, Message, Click string
		Priority                     int
		Tags                         []string
		Actions                      []Action
		SequenceID                   string `json:"sequence_id"`
	}
	if len(body) > maxJSON {
		return Page{}, tooLarge()
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return Page{}, invalid(40007, "request body must be message JSON: %s", err)
	}
	return Page{
		Topic: in.Topic, Title: in.Title, Message: in.Message, Click: in.Click,
		Priority: in.Priority, Tags: in.Tags, Actions: in.Actions, Key: in.SequenceID,
	}, nil
}

func fromHeaders(r *http.Request, body []byte) (Page, error) {
	priority, err := parsePriority(header(r, "Priority", "Prio", "P"))
	if err != nil {
		return Page{}, err
	}
	actions, err := parseActions(header(r, "Actions", "Action"))
	if err != nil {
		return Page{}, err
	}
	p := Page{
		Topic: r.PathValue("topic"), Title: header(r, "Title", "T"), Message: string(body),
		Click: header(r, "Click"), Priority: priority, Actions: actions, Key: header(r, "Sequence-ID"),
	}
	for tag := range strings.SplitSeq(header(r, "Tags", "Tag", "Ta"), ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			p.Tags = append(p.Tags, tag)
		}
	}
	return p, nil
}

// header reads the first of the names that is set, with or without X-.
func header(r *http.Request, names ...string) string {
	for _, name := range names {
		if value := cmp.Or(r.Header.Get("X-"+name), r.Header.Get(name)); value != "" {
			return value
		}
	}
	return ""
}

func parsePriority(text string) (int, error) {
	names := []string{"", "min", "low", "default", "high", "max"}
	if text == "urgent" {
		return 5, nil
	}
	if i := slices.Index(names, text); i >= 0 {
		return i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, invalid(40007, "priority %q, use 1 to 5", text)
	}
	return n, nil
}

// parseActions reads the JSON form and the short one: actions apart by
// semicolons, each "http, Label, URL, clear=true".
func parseActions(text string) ([]Action, error) {
	if text == "" {
		return nil, nil
	}
	if strings.HasPrefix(text, "[") {
		var actions []Action
		if err := json.Unmarshal([]byte(text), &actions); err != nil {
			return nil, invalid(40018, "actions: %s", err)
		}
		return actions, nil
	}
	var actions []Action
	for one := range strings.SplitSeq(text, ";") {
		parts := strings.Split(one, ",")
		if len(parts) < 3 {
			return nil, invalid(40018, "actions: write \"http, Label, URL\"")
		}
		a := Action{Action: strings.TrimSpace(parts[0]), Label: strings.TrimSpace(parts[1]), URL: strings.TrimSpace(parts[2])}
		for _, option := range parts[3:] {
			name, value, _ := strings.Cut(strings.TrimSpace(option), "=")
			a.set(name, value)
		}
		actions = append(actions, a)
	}
	return actions, nil
}

func (a *Action) set(name, value string) {
	switch {
	case name == "method":
		a.Method = value
	case name == "body":
		a.Body = value
	case name == "clear":
		a.Clear = value == "true"
	case strings.HasPrefix(name, "headers."):
		if a.Headers == nil {
			a.Headers = map[string]string{}
		}
		a.Headers[strings.TrimPrefix(name, "headers.")] = value
	}
}

var topicPattern = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)

func (p Page) check() error {
	switch {
	case !topicPattern.MatchString(p.Topic):
		return invalid(40009, "topic %q is not allowed, use letters, digits, - and _", p.Topic)
	case p.Priority < 0 || p.Priority > 5:
		return invalid(40007, "priority %d, use 1 to 5", p.Priority)
	case len(p.Message) > maxMessage:
		return &ntfyError{Code: 41302, HTTP: http.StatusRequestEntityTooLarge, Err: fmt.Sprintf("message too large, send at most %d bytes", maxMessage)}
	case len(p.Actions) > maxActions:
		return invalid(40018, "actions: only %d are allowed", maxActions)
	}
	for _, a := range p.Actions {
		if a.Action != "http" && a.Action != "view" {
			return invalid(40018, "actions: %q is unknown, use http or view", a.Action)
		}
		web := strings.HasPrefix(a.URL, "http://") || strings.HasPrefix(a.URL, "https://")
		if a.Label == "" || !web {
			return invalid(40018, "actions: label and an http or https url are needed")
		}
	}
	return nil
}
