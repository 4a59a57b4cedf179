package httpsystem

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/systems"
)

// Send makes the request, provided that it is what covers identifies; an empty
// covers takes any. It fails with Unavailable when nobody knows whether the
// request was obeyed. After Invalid, NotFound, Forbidden, Refused, Conflict and
// Permanent nothing was changed.
func (s *System) Send(ctx context.Context, r systems.HTTPRequest, covers, key string) (systems.HTTPAnswer, error) {
	req, err := s.request(r)
	if err != nil {
		return systems.HTTPAnswer{}, err
	}
	if covers != "" && covers != req.covers(s) {
		return systems.HTTPAnswer{}, incident.Errorf(incident.Conflict, "the systems file says something else of this call than when it was planned")
	}
	var begun atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	out, err := s.outgoing(traced, req, key)
	if err != nil {
		return systems.HTTPAnswer{}, err
	}
	resp, err := s.client.Do(out)
	if resp == nil {
		if !begun.Load() && key != "" && !s.config.HonoursKeys {
			return systems.HTTPAnswer{}, incident.Errorf(incident.Permanent, "%w; nothing was sent", err)
		}
		return systems.HTTPAnswer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, _ := io.ReadAll(resp.Body)
	if err := s.judge(req, resp.StatusCode, err); err != nil {
		return systems.HTTPAnswer{}, err
	}
	return s.answered(req, resp.StatusCode, body), nil
}

// outgoing is the request as it goes out. What carries a key is repeated by Go's
// own client when a connection breaks: where keys are not honoured, a body that
// cannot be read again keeps it from that.
func (s *System) outgoing(ctx context.Context, r request, key string) (*http.Request, error) {
	address := s.base + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	out, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the request is none that can be made")
	}
	maps.Copy(out.Header, s.header)
	out.Header.Set("Accept", "application/json, text/plain;q=0.9, */*;q=0.1")
	if len(r.body) > 0 {
		out.Header.Set("Content-Type", "application/json")
	}
	if key == "" {
		return out, nil
	}
	out.Header.Set(s.config.KeyHeader, key)
	if !s.config.HonoursKeys {
		out.Body, out.GetBody = io.NopCloser(bytes.NewReader(r.body)), nil
	}
	return out, nil
}

// judge says what a status means. The error is that of the client, which is nil
// for a success.
func (s *System) judge(r request, status int, err error) error {
	failed, isStatus := errors.AsType[*rest.StatusError](err)
	switch {
	case r.expects(status) && (err == nil || isStatus):
		return nil
	case err != nil && !isStatus: // a success that is no answer
		return err
	case err == nil:
		return incident.Errorf(incident.Unavailable, "%s answered %d, which is not expected", s.config.Name, status)
	}
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
		// After a change this often means that it was made.
		return incident.Errorf(incident.Unavailable, "%s %w elsewhere, which is not followed", s.config.Name, failed)
	case http.StatusUnauthorized, http.StatusForbidden:
		return incident.Errorf(incident.Forbidden, "%w", err)
	case http.StatusNotFound, http.StatusGone:
		return incident.Errorf(incident.NotFound, "%w", err)
	case http.StatusTooManyRequests:
		if !s.config.HonoursKeys {
			return incident.Errorf(incident.Refused, "%w", err)
		}
	}
	return err
}

func (s *System) answered(r request, status int, body []byte) systems.HTTPAnswer {
	text := strings.ToValidUTF8(string(body), "\uFFFD")
	if s.token != "" {
		text = strings.ReplaceAll(text, s.token, "[hidden]")
	}
	return systems.HTTPAnswer{
		Status: status, Body: text, Bytes: len(body),
		Holds: r.holds != "" && strings.Contains(text, r.holds),
	}
}

// explain is what a refusal says of itself in the ways that are usual.
func explain(body []byte) string {
	var problem struct{ Detail, Title, Message, Error any }
	if json.Unmarshal(body, &problem) != nil {
		return ""
	}
	for _, words := range []any{problem.Detail, problem.Message, problem.Error, problem.Title} {
		if text, ok := words.(string); ok && text != "" {
			return text
		}
	}
	return ""
}
