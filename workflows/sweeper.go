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
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: sweepEvery}}}
	action := &client.ScheduleWorkflowAction{
		ID: "sweep", Workflow: Sweep, TaskQueue: Incidents, WorkflowExecutionTimeout: 10 * time.Minute,
	}
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: sweeperSchedule, Spec: spec, Action: action,
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: sweepCatchup,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return engineError(err, "schedule the sweeper")
	}
	err = schedules.GetHandle(ctx, sweeperSchedule).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec, schedule.Action = &spec, action
			schedule.Policy = &client.SchedulePolicies{
				Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: sweepCatchup,
			}
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
	if err != nil {
		return fmt.Errorf("update the schedule of the sweeper: %w", err)
	}
	return nil
}

// sweepCatchup is the shortest that the engine allows.
const sweepCatchup = 10 * time.Second
