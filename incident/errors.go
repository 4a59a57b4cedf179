package incident

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what an error means to whoever meets it: how the API answers it
// and whether an activity may be tried again.
type Kind string

// The kinds of error. An error of no kind is an internal one, and may be
// tried again.
const (
	// Invalid input: correct it and send it again.
	Invalid Kind = "invalid"
	// NotFound: there is no such thing.
	NotFound Kind = "not-found"
	// Gone: the incident's workflow has ended, or there never was one.
	Gone Kind = "gone"
	// Unauthenticated: nobody knows who is asking.
	Unauthenticated Kind = "unauthenticated"
	// Forbidden: known, but without the right.
	Forbidden Kind = "forbidden"
	// Refused: a rule of the incident stands against it; Missing says which.
	Refused Kind = "refused"
	// Conflict: the world has moved since it was last read.
	Conflict Kind = "conflict"
	// Unavailable: something it needs is away; try again.
	Unavailable Kind = "unavailable"
	// Permanent: the outside will never accept it as it is.
	Permanent Kind = "permanent"
)

// Error is an error of a known kind. Its message is safe to show: it holds no
// secret, no address and no alert text.
type Error struct {
	Kind    Kind
	Message string
	// Missing lists what stands in the way, in words, for a refusal.
	Missing []string
	// RetryAfter is how long the outside asked us to wait; zero says nothing.
	RetryAfter time.Duration
	cause      error
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }

// Unwrap returns what was wrapped with %w, if anything.
func (e *Error) Unwrap() error { return e.cause }

// Errorf makes an error of a kind; %w wraps as in fmt.Errorf.
func Errorf(kind Kind, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Refusal makes a Refused error that lists what is missing.
func Refusal(message string, missing ...string) error {
	return &Error{Kind: Refused, Message: message, Missing: missing}
}

// KindOf returns the kind of err, or "" when it has none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		return e.Kind
	}
	return ""
}
