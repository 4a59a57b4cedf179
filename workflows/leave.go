package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// longHistory is when a run is left whatever is in flight.
	longHistory = 10_000
	// longRun is the most that a run lasts.
	longRun = 7 * 24 * time.Hour
)

// mustLeave reports whether this run should continue as a new one: when the
// engine suggests it or a week has gone by, and nothing is in flight; with a
// long history at once.
func (r *response) mustLeave(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	if info.GetCurrentHistoryLength() >= longHistory {
		return true
	}
	old := workflow.Now(ctx).Sub(r.state.Since) >= longRun
	return (info.GetContinueAsNewSuggested() || old) && r.quiet()
}

// quiet reports whether nothing is being sent or asked.
func (r *response) quiet() bool {
	if r.opening || r.ticketing || len(r.inc.Outbox.Notices)+len(r.inc.Outbox.Updates) > 0 || r.toStart() != nil {
		return false
	}
	for _, s := range r.inc.Summonses {
		if !s.Open() || !s.Begun {
			return false
		}
		for _, p := range s.Pages {
			if p.State == incident.PageDue {
				return false
			}
		}
	}
	return true
}

// leave is the only way from one run to the next. New effects are refused,
// what waits is taken in, and what is owed travels in the state.
func (r *response) leave(ctx workflow.Context) error {
	r.leaving = true
	for {
		r.takeIn(ctx)
		if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
			return fmt.Errorf("leave the run: %w", err)
		}
		if !r.signalled(ctx) {
			break
		}
	}
	r.state.Tail = append(r.state.Tail, r.inc.Drain()...)
	return workflow.NewContinueAsNewError(ctx, Incident, r.state)
}

// signalled reports whether a signal came in meanwhile.
func (r *response) signalled(ctx workflow.Context) bool {
	for _, name := range signals() {
		if workflow.GetSignalChannel(ctx, name).Len() > 0 {
			return true
		}
	}
	return false
}

// finish waits until everything that the end owes was said and recorded.
func (r *response) finish(ctx workflow.Context) error {
	r.cancelRuns(ctx)
	said := func() bool {
		return len(r.inc.Outbox.Notices)+len(r.inc.Outbox.Updates) == 0 && !r.ticketing && !r.ticketStale() && !r.dirty()
	}
	if err := workflow.Await(ctx, said); err != nil {
		return fmt.Errorf("say the last words: %w", err)
	}
	r.finished = true
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func isAlreadyStarted(err error) bool {
	_, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err)
	return ok
}
