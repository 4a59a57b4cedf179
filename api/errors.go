package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/web"
)

// ProblemType is what the stable type of every problem begins with; the kind
// follows.
const ProblemType = "urn:tocsin:problem:"

// The kinds of problem that only HTTP knows.
const (
	tooLarge         = "too-large"
	methodNotAllowed = "method-not-allowed"
	unsupportedMedia = "unsupported-media"
	internal         = "internal"
	gone             = "gone"
)

// defaultRetry is how long a caller is asked to wait when nobody knows better.
const defaultRetry = 5 * time.Second

// answer is how a kind of error is answered.
type answer struct {
	status int
	title  string
}

// answerTo is the one table from kinds of error to answers.
func answerTo(kind string) answer {
	switch kind {
	case string(incident.Invalid):
		return answer{http.StatusBadRequest, "The request is not valid"}
	case string(incident.Unauthenticated):
		return answer{http.StatusUnauthorized, "Nobody knows who is asking"}
	case string(incident.Forbidden):
		return answer{http.StatusForbidden, "You may not do this"}
	case string(incident.NotFound):
		return answer{http.StatusNotFound, "There is no such thing"}
	case methodNotAllowed:
		return answer{http.StatusMethodNotAllowed, "This cannot be done here"}
	case string(incident.Refused):
		return answer{http.StatusConflict, "A rule stands against it"}
	case string(incident.Conflict):
		return answer{http.StatusConflict, "The world has moved since it was last read"}
	case gone:
		return answer{http.StatusGone, "This link no longer works"}
	case tooLarge:
		return answer{http.StatusRequestEntityTooLarge, "The body is too large"}
	case unsupportedMedia:
		return answer{http.StatusUnsupportedMediaType, "The body is not of a known type"}
	case string(incident.Permanent):
		return answer{http.StatusUnprocessableEntity, "The outside will never accept it as it is"}
	case string(incident.Unavailable):
		return answer{http.StatusServiceUnavailable, "Something it needs is away"}
	}
	return answer{http.StatusInternalServerError, "Tocsin failed"}
}

// fieldError says which part of a request is wrong.
type fieldError struct {
	field   string
	message string
}

func (e *fieldError) Error() string {
	if e.field == "" {
		return e.message
	}
	return e.field + ": " + e.message
}

// awayError is an error of kind incident.Unavailable of which a caller is told
// more than that.
type awayError struct {
	detail string
	cause  error
}

func (e *awayError) Error() string { return e.detail + ": " + e.cause.Error() }

func (e *awayError) Unwrap() error { return e.cause }

// failure is what is known of an error before it is answered.
type failure struct {
	kind    string
	detail  string
	field   string
	missing []string
	retry   time.Duration
}

// diagnose finds out what an error means. What has no kind is internal: its
// text is for the log alone.
func diagnose(err error) failure {
	if e, ok := errors.AsType[*fieldError](err); ok {
		return failure{kind: string(incident.Invalid), detail: e.Error(), field: e.field}
	}
	if e, ok := errors.AsType[*awayError](err); ok {
		return failure{kind: string(incident.Unavailable), detail: e.detail, retry: defaultRetry}
	}
	if e, ok := errors.AsType[*catalog.WrongError](err); ok {
		return failure{kind: string(incident.Invalid), detail: e.Error(), field: e.Field}
	}
	if e, ok := errors.AsType[*alerts.InputError](err); ok {
		return failure{kind: string(incident.Invalid), detail: e.Error(), field: e.Field}
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return failure{kind: tooLarge, detail: "send at most " + strconv.FormatInt(e.Limit, 10) + " bytes"}
	}
	if e, ok := errors.AsType[*incident.Error](err); ok {
		return diagnoseKind(e)
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return diagnoseEcho(e)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return diagnoseKind(&incident.Error{Kind: incident.Unavailable})
	}
	return failure{kind: internal, detail: "quote the request id when asking for help"}
}

func diagnoseKind(e *incident.Error) failure {
	out := failure{kind: string(e.Kind), detail: e.Message, missing: e.Missing, retry: e.RetryAfter}
	if e.Kind == incident.Unavailable {
		// The message tells an operator which dependency; a caller needs to
		// know what to do, which depends on the operation.
		out.detail = ""
		if out.retry <= 0 {
			out.retry = defaultRetry
		}
	}
	return out
}

// diagnoseEcho reads what Echo and the generated stubs say.
func diagnoseEcho(e *echo.HTTPError) failure {
	switch e.Code {
	case http.StatusNotFound:
		return failure{kind: string(incident.NotFound), detail: "there is nothing at this address"}
	case http.StatusMethodNotAllowed:
		return failure{kind: methodNotAllowed, detail: "this address does not know the method"}
	case http.StatusBadRequest:
		text, _ := e.Message.(string)
		return failure{kind: string(incident.Invalid), detail: text}
	}
	return failure{kind: internal, detail: "quote the request id when asking for help"}
}

// problem returns the body that answers a failure.
func (f failure) problem(requestID string) gen.Problem {
	a := answerTo(f.kind)
	return gen.Problem{
		Type: ProblemType + f.kind, Title: a.title, Status: a.status, Detail: f.detail, Field: f.field,
		Missing: f.missing, RequestId: requestID,
	}
}

// failer answers errors: the only one who writes them.
type failer struct {
	pages *web.Pages
	log   *slog.Logger
}

// fail answers with problem details, or with a page where a person reads.
func (s failer) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := diagnose(err)
	if f.kind == string(incident.Unavailable) {
		f.detail = cmp.Or(f.detail, callerOf(r.Context()).away, notBegun)
	}
	a := answerTo(f.kind)
	id := requestID(r.Context())
	if a.status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		s.log.Error("request failed", "request", id, "method", r.Method, "path", loggable(r.URL.Path), "error", err)
	}
	h := w.Header()
	if f.retry > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.retry+time.Second-1)/time.Second)))
	}
	if a.status == http.StatusUnauthorized {
		h.Add("WWW-Authenticate", `Bearer realm="tocsin"`)
		if readByPeople(r) {
			h.Add("WWW-Authenticate", `Basic realm="tocsin: the password is a token", charset="UTF-8"`)
		}
	}
	if readByPeople(r) && !wantsJSON(r) && a.status != http.StatusUnauthorized {
		page := web.Message{Title: a.title, Detail: f.detail, Points: f.missing}
		_ = writePage(w, s.pages, a.status, func(to io.Writer) error { return s.pages.Message(to, page) })
		return
	}
	h.Set("Content-Type", "application/problem+json")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(f.problem(id)) // the caller is gone: nobody is left to tell
}

// readByPeople says whether an address is a page, not a part of the API.
func readByPeople(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/ack/") || strings.HasPrefix(r.URL.Path, "/incidents/")
}

func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}

// loggable leaves out what opens something to whoever reads the log.
func loggable(path string) string {
	for _, secret := range []string{"/ack/", "/calendars/"} {
		if strings.HasPrefix(path, secret) {
			return secret + "..."
		}
	}
	return path
}
