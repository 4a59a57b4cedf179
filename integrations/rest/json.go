package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"

	"github.com/tocsinhq/tocsin/incident"
)

// Call is one request that is answered with JSON.
type Call struct {
	Method string
	URL    string
	Header http.Header
	// Body is sent as it is when it is a []byte, as a form when it is
	// url.Values, as JSON otherwise, and not at all when it is nil.
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
	body, kind, err := encode(call.Body)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the request cannot be put as JSON: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, call.Method, call.URL, bytes.NewReader(body))
	if err != nil {
		return nil, incident.Errorf(incident.Invalid, "the address is not a URL")
	}
	maps.Copy(req.Header, call.Header)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	return req, nil
}

// encode returns a body and its type.
func encode(body any) (data []byte, kind string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case []byte:
		return body, "application/json", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	data, err = json.Marshal(body)
	return data, "application/json", err
}
