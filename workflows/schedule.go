package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// recurring is a workflow that runs again and again, one run at a time.
type recurring struct {
	// ID names the schedule, and Run its runs.
	ID, Run  string
	Every    time.Duration
	Workflow any
}

// once is the context of the one activity of such a run. It is tried once,
// since the next run is the next try.
func once(ctx workflow.Context, summary string, within time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: summary,
		StartToCloseTimeout: within, ScheduleToCloseTimeout: 2 * within,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:    temporal.Priority{PriorityKey: 4},
	})
}

// ensure makes a schedule, or brings the one up to date that is there. Runs
// missed while Temporal was away are not made up for.
func ensure(ctx context.Context, schedules client.ScheduleClient, r recurring) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.Every}}}
	action := &client.ScheduleWorkflowAction{
		ID: r.Run, Workflow: r.Workflow, TaskQueue: Incidents, WorkflowExecutionTimeout: 10 * time.Minute,
	}
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: r.ID, Spec: spec, Action: action,
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: shortestCatchup,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return engineError(err, "schedule the "+r.ID)
	}
	err = schedules.GetHandle(ctx, r.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec, schedule.Action = &spec, action
			schedule.Policy = &client.SchedulePolicies{
				Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: shortestCatchup,
			}
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update the schedule of the %s: %w", r.ID, err)
	}
	return nil
}

// shortestCatchup is the shortest that the engine allows.
const shortestCatchup = 10 * time.Second
