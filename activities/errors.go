package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/temporal"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Fail translates err into what an activity returns: an application error
// whose type is the error's kind, whose details are what is missing, and which
// is tried again unless its kind says that this cannot help. A wait that the
// outside asked for becomes the delay of the next attempt. Nil stays nil, and
// a cancelled or expired context stays as it is.
//
// Only an *incident.Error vouches for its message. Whatever else arrives may
// hold an address, so history gets its type alone and the log all of it.
func Fail(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	known, ok := errors.AsType[*incident.Error](err)
	if !ok {
		slog.Error("activity failed with an error of no kind", "error", err)
		return temporal.NewApplicationError(fmt.Sprintf("unexpected error (%T); the worker's log has it", root(err)), "")
	}
	options := temporal.ApplicationErrorOptions{
		NonRetryable:   final(known.Kind),
		NextRetryDelay: known.RetryAfter,
	}
	if len(known.Missing) > 0 {
		options.Details = []any{known.Missing}
	}
	return temporal.NewApplicationErrorWithOptions(known.Message, string(known.Kind), options)
}

// Known gives a workflow the error of an activity back as it was before Fail:
// an *incident.Error with its kind, message and what is missing. Any other
// error, such as a cancellation, is returned as it is; a time-out becomes
// Unavailable.
func Known(err error) error {
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	if failed, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		known := &incident.Error{Kind: incident.Kind(failed.Type()), Message: failed.Message()}
		if failed.HasDetails() && failed.Details(&known.Missing) != nil {
			known.Missing = nil
		}
		return known
	}
	if temporal.IsTimeoutError(err) {
		return incident.Errorf(incident.Unavailable, "there was no answer in time")
	}
	return err
}

// final reports whether an error of this kind stays one however often it is
// tried.
func final(kind incident.Kind) bool {
	switch kind {
	case incident.Permanent, incident.Invalid, incident.Conflict,
		incident.Refused, incident.NotFound, incident.Forbidden:
		return true
	default:
		return false
	}
}

// root returns the innermost error, whose type tells most.
func root(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// NotYet is what an activity returns whose answer has not come: it is tried
// again after that time. It is no failure, so neither logs nor metrics count
// it as one.
func NotYet(what string, again time.Duration) error {
	return temporal.NewApplicationErrorWithOptions(
		fmt.Sprintf("%s; looking again in %s", what, catalog.FormatDuration(again)), string(incident.Unavailable),
		temporal.ApplicationErrorOptions{NextRetryDelay: again, Category: temporal.ApplicationErrorCategoryBenign},
	)
}
