package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	defaultTimeout   = 10 * time.Second
	defaultMaxAnswer = 1 << 20
	idleConnections  = 64
)

// Config says how one outside product is spoken to. Only Name is required.
type Config struct {
	// Name is how errors call the product, such as "JIRA".
	Name string
	// Timeout bounds one request with its answer; zero is 10 seconds.
	Timeout time.Duration
	// MaxAnswer bounds an answer in bytes; zero is 1 MiB.
	MaxAnswer int64
	// Credentials names the setting to look at when access is refused.
	Credentials string
	// Repairable says that a refused access is worth trying again: somebody may
	// repair it meanwhile.
	Repairable bool
	// Explain picks from the body of a refusal the words that are safe to
	// show; without it errors carry the status alone.
	Explain func(body []byte) string
	// Secrets never appear in errors, whatever a product echoes.
	Secrets []string
	// AnyAnswer accepts a success whatever its body is, for receivers that
	// owe no answer. Otherwise a body must be JSON.
	AnyAnswer bool
	// AnyType accepts a success whose body is of any type but HTML.
	AnyType bool
	// TLS verifies the other side as it says; nil is the system's way.
	TLS *tls.Config
}

// Client makes requests to one product. It is safe for concurrent use.
type Client struct {
	config Config
	http   *http.Client
}

// New returns a client for the product that config describes.
func New(config Config) *Client {
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	if config.MaxAnswer == 0 {
		config.MaxAnswer = defaultMaxAnswer
	}
	return &Client{config: config, http: &http.Client{
		Transport: transport(config.TLS),
		// An answer that redirects is judged like any other.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// transport keeps enough idle connections that a burst of pages does not open
// one for each.
func transport(config *tls.Config) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     config,
		TLSHandshakeTimeout: 5 * time.Second,
		ForceAttemptHTTP2:   true,
		// A network may forget a connection without a word. All requests go over
		// one, and each try again would run into its time-out.
		HTTP2:               &http.HTTP2Config{SendPingTimeout: 3 * time.Second, PingTimeout: 2 * time.Second},
		MaxIdleConns:        4 * idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     90 * time.Second,
	}
}

// Do sends a request and returns its answer with the body in memory, so that
// it need not be closed. Every answer but a success is an error that wraps a
// *StatusError and is returned beside the answer. The kinds are Unavailable
// for what may go well later (no answer, 408, 425, 429, 5xx, HTML; 401 and 403
// where they are repairable), Conflict for 409 and Permanent for the rest.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(req.Context(), c.config.Timeout)
	defer cancel()
	out := req.Clone(ctx)
	out.Header.Set("User-Agent", "tocsin")
	if out.Header.Get("Accept") == "" {
		out.Header.Set("Accept", "application/json")
	}
	resp, err := c.http.Do(out)
	if err != nil {
		return nil, c.unreached(req.Context(), err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.config.MaxAnswer+1))
	if err != nil && !c.accepted(resp) {
		return nil, c.unreached(req.Context(), err)
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, c.judge(resp, body)
}

// accepted reports that the status alone says all there is to know.
func (c *Client) accepted(resp *http.Response) bool {
	return c.config.AnyAnswer && isSuccess(resp.StatusCode)
}

func (c *Client) errorf(kind incident.Kind, format string, args ...any) error {
	return incident.Errorf(kind, "%s "+format, append([]any{c.config.Name}, args...)...)
}
