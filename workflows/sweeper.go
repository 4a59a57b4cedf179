package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Sweep mends what a crash left between two steps, in one activity: it runs
// often, and each of its events is written down. The activity is tried once,
// since the next sweep is the next try.
func Sweep(ctx workflow.Context) (activities.Swept, error) {
	var s *activities.Sweeper
	var out activities.Swept
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: "mend what was left",
		StartToCloseTimeout: 2 * time.Minute, ScheduleToCloseTimeout: 4 * time.Minute,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:    temporal.Priority{PriorityKey: 4},
	}), s.Sweep).Get(ctx, &out)
	return out, err
}

const sweepEvery = 30 * time.Second

// EnsureSchedule makes the sweeper run every 30 seconds, one sweep at a time;
// a schedule that is there already is brought up to date. Sweeps missed while
// Temporal was away are not made up for.
func EnsureSchedule(ctx context.Context, schedules client.ScheduleClient) error {
	return ensure(ctx, schedules, "sweeper", sweepEvery, &client.ScheduleWorkflowAction{
		ID: "sweep", Workflow: Sweep, TaskQueue: Incidents, WorkflowExecutionTimeout: 10 * time.Minute,
	})
}
