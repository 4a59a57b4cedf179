package prometheus

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/tocsinhq/tocsin/integrations/rest"
)

// transport lets Prometheus' own client speak through package rest.
type transport struct {
	base   *url.URL
	token  string
	client *rest.Client
}

// URL returns where an endpoint lives; those that are used here take no
// arguments in their path.
func (t *transport) URL(endpoint string, _ map[string]string) *url.URL {
	return t.base.JoinPath(endpoint)
}

// Do sends a request and returns the answer and its body.
func (t *transport) Do(ctx context.Context, req *http.Request) (*http.Response, []byte, error) {
	req = req.WithContext(ctx)
	if t.token != "" {
		req.Header.Set("Authorization", "Bearer "+t.token)
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return resp, nil, err
	}
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}
