package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"
)

// close waits until everything that the end owes was said and recorded.
func (r *response) close(ctx workflow.Context) error {
	r.cancelRuns(ctx)
	for !r.finished {
		if err := workflow.Await(ctx, r.said); err != nil {
			return fmt.Errorf("say the last words: %w", err)
		}
		r.takeIn(ctx)
		r.finished = r.said()
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// said reports whether nothing is owed any more.
func (r *response) said() bool {
	out := r.inc.Outbox
	if len(out.Splits)+len(r.state.Strays) > 0 {
		return false
	}
	return len(out.Notices)+len(out.Updates)+len(out.Recurrence)+len(out.Absorptions) == 0 && r.busy == 0 && r.ticketDue().IsZero() && !r.dirty()
}
