package unleash

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
	"github.com/tocsinhq/tocsin/systems"
)

// Turn turns a flag on or off in the environment, provided that what covers
// identifies is what the systems file still says, and looks whether it took
// effect: turning a flag that is so already changes nothing. It fails with
// Unavailable when nobody knows whether it was turned, or when it reads otherwise
// afterwards; after any other kind nothing was changed.
func (s *System) Turn(ctx context.Context, o systems.FlagOrder) error {
	if err := s.allows(o.Flag); err != nil {
		return err
	}
	if o.Covers != s.covers() {
		return incident.Errorf(incident.Conflict, "the systems file says something else of %s than when it was approved", s.config.Name)
	}
	if err := s.send(ctx, o); err != nil {
		return err
	}
	state, err := s.State(ctx, o.Flag)
	if err != nil {
		return incident.Errorf(incident.Unavailable, "it was turned, and cannot be read back: %w", err)
	}
	if state.On != o.On {
		return incident.Errorf(incident.Unavailable, "%s answered that it turned %s, which still reads %s", s.config.Name, o.Flag, side(state.On))
	}
	return nil
}

func (s *System) send(ctx context.Context, o systems.FlagOrder) error {
	var begun atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { begun.Store(true) }})
	address := s.base + o.Flag + "/environments/" + s.config.Environment + "/" + side(o.On)
	req, err := http.NewRequestWithContext(traced, http.MethodPost, address, http.NoBody)
	if err != nil {
		return incident.Errorf(incident.Invalid, "the request is none that can be made")
	}
	req.Header = s.header.Clone()
	resp, err := s.client.Do(req)
	if resp == nil && !begun.Load() {
		return incident.Errorf(incident.Permanent, "%w; nothing was changed", err)
	}
	if err != nil {
		return judged(err)
	}
	return resp.Body.Close()
}

// side is how Unleash names a state of a flag.
func side(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// judged gives the refusals their kinds.
func judged(err error) error {
	status, ok := errors.AsType[*rest.StatusError](err)
	if !ok {
		return err
	}
	switch {
	case strings.Contains(string(status.Body), "SKIP_CHANGE_REQUEST"):
		return incident.Errorf(incident.Refused, "the environment takes changes by change request only: have it turned there, or give the account of the token leave to skip them")
	case status.Code == http.StatusUnauthorized || status.Code == http.StatusForbidden:
		return incident.Errorf(incident.Forbidden, "%w", err)
	case status.Code == http.StatusNotFound:
		return incident.Errorf(incident.NotFound, "%w", err)
	case status.Code == http.StatusBadRequest || status.Code == http.StatusTooManyRequests:
		return incident.Errorf(incident.Refused, "%w", err)
	}
	return err
}
