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

// once is the context of the one activity of such a run, which beats: until the
// death of its worker is noticed, the next run waits for it. It is tried once,
// since the next run is the next try.
func once(ctx workflow.Context, summary string, within time.Duration) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: summary,
		StartToCloseTimeout: within, ScheduleToCloseTimeout: 2 * within, HeartbeatTimeout: missed,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:    temporal.Priority{PriorityKey: 4},
	})
}

// ensure makes a schedule, or brings the one up to date that is there. Runs
// missed while Temporal was away are not made up for.
func ensure(ctx context.Context, schedules client.ScheduleClient, r recurring) error {
	return keep(ctx, schedules, client.ScheduleOptions{
		ID: r.ID, Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: r.Every}}},
		Action: &client.ScheduleWorkflowAction{
			ID: r.Run, Workflow: r.Workflow, TaskQueue: Incidents, WorkflowExecutionTimeout: 10 * time.Minute,
		},
		CatchupWindow: shortestCatchup,
	})
}

// keep makes a schedule of one run at a time, or brings the one up to date
// that is there.
func keep(ctx context.Context, schedules client.ScheduleClient, o client.ScheduleOptions) error {
	o.Overlap = enums.SCHEDULE_OVERLAP_POLICY_SKIP
	_, err := schedules.Create(ctx, o)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return engineError(err, "schedule the "+o.ID)
	}
	err = schedules.GetHandle(ctx, o.ID).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec, schedule.Action = &o.Spec, o.Action
			schedule.Policy = &client.SchedulePolicies{Overlap: o.Overlap, CatchupWindow: o.CatchupWindow}
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update the schedule of the %s: %w", o.ID, err)
	}
	return nil
}

// shortestCatchup is the shortest that the engine allows.
const shortestCatchup = 10 * time.Second
