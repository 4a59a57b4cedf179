package rest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	maxExplanation = 300
	// maxRetryAfter keeps a receiver from silencing us for good.
	maxRetryAfter = time.Hour
)

// StatusError is an answer that is no success. Its text is the status alone.
type StatusError struct {
	Code int
	// Body is what was answered; it may hold anything and is not for showing.
	Body []byte
}

// Error returns the status in words.
func (e *StatusError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("answered %d %s", e.Code, http.StatusText(e.Code)))
}

func isSuccess(status int) bool { return status >= 200 && status < 300 }

func (c *Client) judge(resp *http.Response, body []byte) error {
	if c.accepted(resp) {
		return nil
	}
	if isSuccess(resp.StatusCode) {
		return c.judgeBody(resp, body)
	}
	status := &StatusError{Code: resp.StatusCode, Body: body}
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		return c.errorf(incident.Permanent, "%w: redirects are not followed, configure the final address", status)
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		kind := incident.Permanent
		if c.config.Repairable {
			kind = incident.Unavailable
		}
		return c.errorf(kind, "%w%s%s", status, c.explain(body), c.lookAt())
	case code == http.StatusConflict:
		return c.errorf(incident.Conflict, "%w%s", status, c.explain(body))
	case isTemporary(code):
		return withRetryAfter(c.errorf(incident.Unavailable, "%w%s", status, c.explain(body)), resp.Header)
	default:
		return c.errorf(incident.Permanent, "%w%s", status, c.explain(body))
	}
}

func isTemporary(code int) bool {
	switch code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return code >= 500
}

// judgeBody looks at the body of a success. A login page or a proxy answers
// for products that are down, with a status that says all is well.
func (c *Client) judgeBody(resp *http.Response, body []byte) error {
	if int64(len(body)) > c.config.MaxAnswer {
		return c.errorf(incident.Unavailable, "answered more than %d bytes", c.config.MaxAnswer)
	}
	if len(body) == 0 {
		return nil
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err == nil && (kind == "application/json" || strings.HasSuffix(kind, "+json")):
		return nil
	case kind == "text/html":
		return c.errorf(incident.Unavailable, "answered HTML: a login page or a proxy stands in its place, check its address")
	case c.config.AnyType:
		return nil
	default:
		return c.errorf(incident.Unavailable, "answered something that is not JSON, check its address")
	}
}

// explain returns what the product itself says of a refusal, made safe.
func (c *Client) explain(body []byte) string {
	if c.config.Explain == nil {
		return ""
	}
	words := strings.Join(strings.Fields(c.config.Explain(body)), " ")
	for _, secret := range c.config.Secrets {
		if secret != "" {
			words = strings.ReplaceAll(words, secret, "[hidden]")
		}
	}
	if words == "" {
		return ""
	}
	return ": " + shorten(words)
}

func shorten(words string) string {
	runes := []rune(words)
	if len(runes) <= maxExplanation {
		return words
	}
	return string(runes[:maxExplanation]) + "…"
}

func (c *Client) lookAt() string {
	if c.config.Credentials == "" {
		return ""
	}
	return ", check " + c.config.Credentials
}

func withRetryAfter(err error, header http.Header) error {
	if e, ok := errors.AsType[*incident.Error](err); ok {
		e.RetryAfter = retryAfter(header.Get("Retry-After"), time.Now())
	}
	return err
}

// retryAfter reads seconds or a date; what it cannot read says nothing.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxRetryAfter)
	}
	return 0
}
