// Package client calls Tocsin's API. Calls and types are generated from the
// contract; by hand are authentication, errors, and reading live streams.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Options say how to reach the API.
type Options struct {
	// Server is the address, such as "http://127.0.0.1:8080".
	Server string
	Token  string
	// Agent names the program and its version: "tocsin-cli/1.0".
	Agent string
	// HTTP is a client with time-outs of its own when nil.
	HTTP *http.Client
}

// New returns a client whose calls fail with a *Problem when the server says
// what is wrong: a call without an error has the body of its success.
func New(o Options) (*ClientWithResponses, error) {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: transport()}
	}
	sign := func(_ context.Context, r *http.Request) error {
		if o.Token != "" {
			r.Header.Set("Authorization", "Bearer "+o.Token)
		}
		if o.Agent != "" {
			r.Header.Set("User-Agent", o.Agent)
		}
		return nil
	}
	return NewClientWithResponses(o.Server, WithHTTPClient(doer{o.HTTP}), WithRequestEditorFn(sign), WithRequestEditorFn(sparse))
}

// sparse leaves out of a request what says nothing: the generated code sends
// every optional parameter, also one that nobody set.
func sparse(_ context.Context, r *http.Request) error {
	never := time.Time{}.Format(time.RFC3339)
	query := r.URL.Query()
	maps.DeleteFunc(query, func(_ string, values []string) bool {
		return len(values) == 1 && slices.Contains([]string{"", "0", "false", never}, values[0])
	})
	r.URL.RawQuery = query.Encode()
	for _, name := range []string{"Idempotency-Key", "Last-Event-ID"} {
		if r.Header.Get(name) == "" {
			r.Header.Del(name)
		}
	}
	return nil
}

// transport gives up on a server that does not answer, and lets a stream last.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 30 * time.Second
	return t
}

// Error says in one line what is wrong and what stands in the way.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if len(p.Missing) > 0 {
		text += " (missing: " + strings.Join(p.Missing, "; ") + ")"
	}
	if p.Status >= http.StatusInternalServerError && p.RequestId != "" {
		text += " [request " + p.RequestId + "]"
	}
	return text
}

// Kind returns the stable word that a problem's type ends with: "refused",
// "not-found".
func (p *Problem) Kind() string { return strings.TrimPrefix(p.Type, "urn:tocsin:problem:") }

// maxProblem bounds what is read of an error.
const maxProblem = 1 << 20

// doer turns what is no success into an error, whatever the operation.
type doer struct {
	http *http.Client
}

// Do sends a request.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	response, err := d.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", r.URL.Host, bare(err))
	}
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	ok := response.StatusCode < http.StatusMultipleChoices
	// A proxy's page is not an answer of Tocsin, even with status 200.
	if ok && (response.StatusCode == http.StatusNoContent || kind != "text/html" && (kind != "" || response.ContentLength == 0)) {
		return response, nil
	}
	defer response.Body.Close()
	if kind != "application/problem+json" {
		return nil, fmt.Errorf("%s answers %s with %q: is this Tocsin?", r.URL.Host, response.Status, kind)
	}
	problem := new(Problem)
	if err := json.NewDecoder(io.LimitReader(response.Body, maxProblem)).Decode(problem); err != nil {
		return nil, fmt.Errorf("%s answers %s, and a problem that cannot be read: %w", r.URL.Host, response.Status, err)
	}
	return nil, problem
}

// bare leaves the address out, which the caller names already.
func bare(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		if !strings.Contains(err.Error(), "://") {
			return err
		}
		err = inner
	}
}

// Event is one server-sent event of a live stream.
type Event struct {
	// ID is empty on events after which a stream cannot go on.
	ID string
	// Name is "entry" or "incident"; Data is the JSON of it.
	Name string
	Data []byte
}

// ReadEvents calls f for each event until the stream ends, or with the error
// of f. The end of a stream is io.ErrUnexpectedEOF: connect again with the
// last id.
func ReadEvents(stream io.Reader, f func(Event) error) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxProblem)
	var e Event
	for lines.Scan() {
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "id":
			e.ID = string(value)
		case "event":
			e.Name = string(value)
		case "data":
			e.Data = append(e.Data, value...)
		case "":
			if len(lines.Bytes()) > 0 {
				continue // a comment
			}
			if e.Name != "" {
				if err := f(e); err != nil {
					return err
				}
			}
			e = Event{}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the live stream: %w", err)
	}
	return io.ErrUnexpectedEOF
}
