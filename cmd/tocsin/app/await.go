package app

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/codes"
)

const (
	// askAgain is how soon Temporal is asked again while it is away.
	askAgain = time.Second
	// answerWithin is how long one question may wait for its answer.
	answerWithin = 10 * time.Second
)

// untilAnswered repeats a question until Temporal answers it, be it with a
// refusal, and says what it waits for. It gives up only when ctx ends, with
// the error of ctx.
func (a *App) untilAnswered(ctx context.Context, ask func(context.Context) error) error {
	tick := time.NewTicker(askAgain)
	defer tick.Stop()
	for said := ""; ; {
		err := askOnce(ctx, ask)
		if ctx.Err() != nil {
			return fmt.Errorf("told to stop while waiting for Temporal: %w", ctx.Err())
		}
		if !away(err) {
			return err
		}
		if text := err.Error(); text != said {
			a.log.Warn("waiting for Temporal; serving nothing until it answers", "error", err)
			said = text
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

func askOnce(ctx context.Context, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	return ask(ctx)
}

// away reports whether an error says that nobody answered, or that nobody
// could for now.
func away(err error) bool {
	switch serviceerror.ToStatus(err).Code() {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted:
		return true
	default:
		return false
	}
}
