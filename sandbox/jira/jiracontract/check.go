package jiracontract

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
)

// Require returns the contract. Without one it skips the test, and fails it
// under TOCSIN_TEST_REQUIRE=all.
func Require(t testing.TB) *Contract {
	t.Helper()
	contract, err := Load()
	if errors.Is(err, ErrAbsent) && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skipf("NOT CHECKED against the published JIRA contract: %v", err)
	}
	if err != nil {
		t.Fatalf("load the JIRA contract: %v", err)
	}
	return contract
}

// optional returns the contract, or nil after having said loudly that nothing
// will be checked. Under TOCSIN_TEST_REQUIRE=all it fails the test instead.
func optional(t testing.TB) *Contract {
	t.Helper()
	contract, err := Load()
	if errors.Is(err, ErrAbsent) && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Logf("NOT CHECKED against the published JIRA contract: %v", err)
		return nil
	}
	if err != nil {
		t.Fatalf("load the JIRA contract: %v", err)
	}
	return contract
}

// concerns tells whether a request is one of the REST API; pages and control
// requests are nobody's contract.
func concerns(r *http.Request) bool { return strings.Contains(r.URL.Path, "/rest/api/2/") }

// Check is a server that fails the test for each request to next, and each of
// next's answers, that the contract does not allow. A request that next itself
// refuses may be as wrong as it likes.
func Check(t testing.TB, next http.Handler) http.Handler {
	t.Helper()
	contract := optional(t)
	if contract == nil {
		return next
	}
	return wiretest.Watch(t, next, concerns, checker{t: t, contract: contract}.report)
}

// Transport is a client's side of Check: it fails the test for each request
// and answer that passes through it and that the contract does not allow. A
// nil next is http.DefaultTransport.
func Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	t.Helper()
	if next == nil {
		next = http.DefaultTransport
	}
	contract := optional(t)
	if contract == nil {
		return next
	}
	return &transport{checker: checker{t: t, contract: contract}, next: next}
}

type transport struct {
	checker
	next http.RoundTripper
}

// RoundTrip sends a request and checks it and its answer.
func (c *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !concerns(r) {
		return c.next.RoundTrip(r)
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, errors.Join(err, r.Body.Close())
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(answer))
	checked := *resp
	checked.Body = io.NopCloser(bytes.NewReader(answer))
	c.report(r, body, &checked)
	return resp, nil
}

// checker is a contract and the test to fail by it.
type checker struct {
	t        testing.TB
	contract *Contract
}

// report fails the test for what is wrong with a request, unless it was
// refused, and with its answer, unless it is no JSON at all: what a proxy or
// a login page says is not the API's.
func (c checker) report(r *http.Request, body []byte, resp *http.Response) {
	if resp.StatusCode < 400 {
		if err := c.contract.CheckRequest(r, body); err != nil {
			c.t.Errorf("against the JIRA contract: %v", err)
		}
	}
	if mime := resp.Header.Get("Content-Type"); mime != "" && !strings.HasPrefix(mime, "application/json") {
		return
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Errorf("read the answer: %v", err)
	}
	if err := c.contract.CheckResponse(r, resp.StatusCode, resp.Header, answer); err != nil {
		c.t.Errorf("against the JIRA contract: %v", err)
	}
}
