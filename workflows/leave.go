package workflows

import (
	"encoding/json"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
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
	return (info.GetContinueAsNewSuggested() || old) && !r.opening && r.busy == 0
}

// leave is the only way from one run to the next. New effects are refused,
// what waits is taken in, and what is owed travels in the state. What is in
// flight is owed still: the next run makes it under the same key. What a run is
// being told has none, and is seen to its end.
func (r *response) leave(ctx workflow.Context) error {
	r.leaving, r.opening = true, false
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) && r.telling == 0 }); err != nil {
		return fmt.Errorf("leave the run: %w", err)
	}
	r.takeIn(ctx)
	r.state.entered(r.epoch, r.inc.Drain())
	r.state.Earlier = activities.End{Epoch: r.epoch, Last: r.inc.Sequence}
	r.state.forget() //workflowcheck:ignore
	r.weigh()
	return workflow.NewContinueAsNewError(ctx, Incident, r.state)
}

// weigh keeps a state from growing without bounds: the oldest answers to
// commands go first, since their callers have long gone.
func (r *response) weigh() {
	for {
		data, err := json.Marshal(r.state) //workflowcheck:ignore
		if err != nil || len(data) <= maxState {
			return
		}
		if len(r.state.Answered) == 0 {
			r.log.Error("the state is too large", "bytes", len(data), "limit", maxState)
			return
		}
		r.state.Answered = r.state.Answered[(len(r.state.Answered)+1)/2:]
	}
}
