package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime/debug"

	"github.com/google/uuid"
)

// caller is what a handler may know of the request beyond its content.
type caller struct {
	identity identity
	via      string
	json     bool
	away     string
	// target and body are the request as it came, for whoever verifies a
	// signature: of webhooks alone.
	target string
	body   []byte
}

type (
	callerKey    struct{}
	requestIDKey struct{}
)

// callerOf returns who is asking; nobody, on open operations.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

var properID = regexp.MustCompile(`^[A-Za-z0-9_.:-]{1,64}$`)

// withRequestID names every request, by the name that a proxy gave it or by a
// new one, and tells the caller.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !properID.MatchString(id) {
			id = uuid.NewString()
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// withHeaders sets what every answer carries. Handlers may replace it.
func withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// withRecovery turns a panic into an answer and a log line.
func withRecovery(f failer, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { f.recovered(w, r, recover()) }()
		next.ServeHTTP(w, r)
	})
}

// recovered answers for a handler that panicked with v.
func (s failer) recovered(w http.ResponseWriter, r *http.Request, v any) {
	if v == nil {
		return
	}
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v)
	}
	s.log.Error("request panicked", "request", requestID(r.Context()), "panic", v, "stack", string(debug.Stack()))
	s.fail(w, r, fmt.Errorf("panic: %v", v))
}
