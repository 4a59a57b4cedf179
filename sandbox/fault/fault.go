// Package fault makes the sandbox's stand-ins misbehave on command: answer
// errors, answer rubbish, answer late, or do the work and then lose the
// answer.
//
// Every part of the sandbox names its operations ("issue.create", "data",
// "rollback") and asks one Injector, before and after the work of a request,
// what should go wrong with it. Faults wait in a queue per operation and are
// used up in order, so that "fail twice, then work" is two entries or one
// entry with Times 2. The operation Any matches every operation that has
// nothing queued of its own.
//
// A dropped connection looks to Go's HTTP client like a broken keep-alive
// connection, and the client then repeats a GET, or a request carrying an
// Idempotency-Key header, by itself and silently. That is a property of the
// client and worth having in a test.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// Any is the operation name that matches every operation of a part.
const Any = "*"

// Forever as Times keeps a fault in force until it is cleared.
const Forever = -1

// Fault is what goes wrong with the next requests of one operation. The zero
// value does nothing and is refused by Injector.Add.
type Fault struct {
	// Times is how many requests it strikes: 0 means 1, Forever means every one.
	Times int
	// Skip lets that many requests pass untouched first.
	Skip int
	// Delay is waited before the work is done.
	Delay time.Duration
	// After says that the work is done first and only the answer is spoiled.
	After bool
	// Hold blocks the request, after the work was done, until it is released.
	Hold bool
	// Drop closes the connection instead of answering.
	Drop bool
	// Status is answered in place of the real answer; 0 keeps the real one.
	Status int
	// Header is set on the answer that Status makes.
	Header map[string]string
	// Body is the body of the answer that Status makes.
	Body string

	gate *Hold
}

// Status answers with code instead of doing the work.
func Status(code int) Fault { return Fault{Status: code} }

// StatusAfter does the work and then answers with code, as a gateway does
// that gave up waiting.
func StatusAfter(code int) Fault { return Fault{Status: code, After: true} }

// HTML answers with code and a page of HTML instead of doing the work, as a
// login page or proxy in the way does.
func HTML(code int) Fault {
	return Fault{
		Status: code,
		Header: map[string]string{"Content-Type": "text/html; charset=utf-8"},
		Body:   "<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>\n",
	}
}

// RateLimited answers 429 with a Retry-After in whole seconds and the reason
// that the vendor names in RateLimit-Reason; an empty reason leaves it out.
func RateLimited(retryAfter time.Duration, reason string) Fault {
	header := map[string]string{"Retry-After": fmt.Sprint(int(retryAfter.Round(time.Second).Seconds()))}
	if reason != "" {
		header["RateLimit-Reason"] = reason
	}
	return Fault{Status: http.StatusTooManyRequests, Header: header}
}

// Drop closes the connection without doing the work.
func Drop() Fault { return Fault{Drop: true} }

// DropAfter does the work and closes the connection without answering.
func DropAfter() Fault { return Fault{Drop: true, After: true} }

// Delay waits for d and then lets the request through.
func Delay(d time.Duration) Fault { return Fault{Delay: d} }

// Repeat returns the fault striking n requests.
func (f Fault) Repeat(n int) Fault {
	f.Times = n
	return f
}

// SkipFirst returns the fault letting n requests pass first.
func (f Fault) SkipFirst(n int) Fault {
	f.Skip = n
	return f
}

func (f Fault) validate() error {
	switch {
	case f.Times < Forever:
		return errors.New("times must be positive, 0 for once, or -1 for ever")
	case f.Skip < 0:
		return errors.New("skip must not be negative")
	case f.Delay < 0:
		return errors.New("delay must not be negative")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Errorf("status %d is no final answer, use 200 to 599", f.Status)
	case f.Status != 0 && f.Drop:
		return errors.New("choose either status or drop, a dropped connection has no status")
	case f.Status == 0 && !f.Drop && !f.Hold && f.Delay == 0:
		return errors.New("nothing would go wrong, set one of status, drop, hold or delay")
	}
	return nil
}

func (f Fault) writeAnswer(w http.ResponseWriter) {
	header := w.Header()
	clear(header)
	for name, value := range maps.All(f.Header) {
		header.Set(name, value)
	}
	body := f.Body
	if body == "" {
		body = fmt.Sprintf(`{"message":"the sandbox was told to answer %d"}`+"\n", f.Status)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	w.WriteHeader(f.Status)
	if f.Status != http.StatusNoContent && f.Status != http.StatusNotModified {
		_, _ = w.Write([]byte(body))
	}
}
