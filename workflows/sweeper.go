package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Sweep mends what a crash left between two steps, in one activity: it runs
// often, and each of its events is written down. The activity is tried once,
// since the next sweep is the next try.
func Sweep(ctx workflow.Context) (activities.Swept, error) {
	var s *activities.Sweeper
	var out activities.Swept
	err := workflow.ExecuteActivity(once(ctx, "mend what was left", 2*time.Minute), s.Sweep).Get(ctx, &out)
	return out, err
}

// sweepEvery is how often what a crash left is looked for.
const sweepEvery = 30 * time.Second

// EnsureSchedule makes the sweeper run every 30 seconds, one sweep at a time;
// a schedule that is there already is brought up to date. Sweeps missed while
// Temporal was away are not made up for.
func EnsureSchedule(ctx context.Context, schedules client.ScheduleClient) error {
	return ensure(ctx, schedules, recurring{ID: "sweeper", Every: sweepEvery, Run: "sweep", Workflow: Sweep})
}
