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

const (
	sweeperSchedule = "sweeper"
	sweepEvery      = 30 * time.Second
)

// EnsureSchedule makes the sweeper run every 30 seconds, one sweep at a time;
// a schedule that is there already is brought up to date. Sweeps missed while
// Temporal was away are not made up for.
func EnsureSchedule(ctx context.Context, schedules client.ScheduleClient) error {
	return ensure(ctx, schedules, client.ScheduleOptions{
		ID:   sweeperSchedule,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: sweepEvery}}},
		Action: &client.ScheduleWorkflowAction{
			ID: "sweep", Workflow: Sweep, TaskQueue: Incidents, WorkflowExecutionTimeout: 10 * time.Minute,
		},
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: sweepCatchup,
	})
}

// ensure creates a schedule, or brings the one that is there up to date.
func ensure(ctx context.Context, schedules client.ScheduleClient, o client.ScheduleOptions) error {
	_, err := schedules.Create(ctx, o)
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return engineError(err, "make the schedule "+o.ID)
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
		return fmt.Errorf("update the schedule %s: %w", o.ID, err)
	}
	return nil
}

// sweepCatchup is the shortest that the engine allows.
const sweepCatchup = 10 * time.Second
