package workflows

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// ensure makes a workflow run at an interval, one run at a time; a schedule
// that is there already is brought up to date.
func ensure(ctx context.Context, schedules client.ScheduleClient, id string, every time.Duration, action *client.ScheduleWorkflowAction) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action,
		Overlap: enums.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: shortestCatchup,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return engineError(err, "schedule the "+id)
	}
	err = schedules.GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
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
		return fmt.Errorf("update the schedule of the %s: %w", id, err)
	}
	return nil
}

// shortestCatchup is the shortest that the engine allows.
const shortestCatchup = 10 * time.Second
