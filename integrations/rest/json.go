package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"

	"github.com/tocsinhq/tocsin/incident"
)

// Call is one request that speaks JSON.
type Call struct {
	Method string
	URL    string
	Header http.Header
	// Body is sent as it is when it is a []byte, as JSON otherwise, and not at
	// all when it is nil.
	Body any
}

// JSON makes a call and reads the answer into out, unless out is nil. An
// answer that cannot be read is of kind Unavailable; other errors are those
// of Do.
func (c *Client) JSON(ctx context.Context, call Call, out any) error {
	req, err := c.request(ctx, call)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return c.errorf(incident.Unavailable, "answered JSON that cannot be understood")
	}
	return nil
}

func (c *Client) request(ctx context.Context, call Call) (*http.Request, error) {
	body, isRaw := call.Body.([]byte)
	if !isRaw && call.Body != nil {
		var err error
		if body, err = json.Marshal(call.Body); err != nil {
			return nil, incident.Errorf(incident.Invalid, "the request cannot be put as JSON: %w", err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(body))
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the address is not a URL")
	}
	maps.Copy(req.Header, call.Header)
	if call.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}
