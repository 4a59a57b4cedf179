package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// unreached is a request that got no whole answer. What it asked for may have
// been done all the same.
func (c *Client) unreached(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return c.errorf(incident.Unavailable, "was not waited for: %w", ctx.Err())
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return c.errorf(incident.Unavailable, "did not answer within %s", catalog.FormatDuration(c.config.Timeout))
	}
	return c.errorf(incident.Unavailable, "cannot be reached: %s", Reason(err))
}

// Reason says in words why a connection failed, without the addresses that
// the errors of package net carry.
func Reason(err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "no answer in time"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its name cannot be resolved"
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "its certificate is not trusted"
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return "it does not speak TLS"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return "the connection was closed"
	}
	return "the connection failed"
}

// ParseURL reads the address of a product or a receiver. Its errors, of kind
// Invalid, say what is wrong without repeating the address.
func ParseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, incident.Errorf(incident.Invalid, "the address is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, incident.Errorf(incident.Invalid, "the address must start with https:// or http://")
	case u.Hostname() == "":
		return nil, incident.Errorf(incident.Invalid, "the address names no host")
	case u.User != nil:
		return nil, incident.Errorf(incident.Invalid, "the address must not hold a user name or password")
	}
	return u, nil
}

// ParseBase reads the address below which a product's interface lives: as
// ParseURL, and nothing may follow its path.
func ParseBase(raw string) (*url.URL, error) {
	u, err := ParseURL(raw)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return nil, incident.Errorf(incident.Invalid, "the address must end with its path")
	}
	return u, nil
}
