package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Herald tells people what happens to their duty outside every incident, in
// one activity: that they come on call or go, and what became of swaps. Whoever
// comes on call is offered the open incidents of whoever goes. What it finds to
// do it reads from the store, each time anew: a run that is lost loses nothing.
func Herald(ctx workflow.Context) (activities.Heralded, error) {
	var h *activities.Herald
	var out activities.Heralded
	err := workflow.ExecuteActivity(once(ctx, "tell of hand-offs and swaps", 2*time.Minute), h.Herald).Get(ctx, &out)
	return out, err
}

const heraldEvery = time.Minute

// EnsureHerald makes the herald run every minute, one run at a time.
func EnsureHerald(ctx context.Context, schedules client.ScheduleClient) error {
	return ensure(ctx, schedules, recurring{ID: "herald", Every: heraldEvery, Run: "tell", Workflow: Herald})
}
