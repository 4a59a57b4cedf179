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

// Swept says what one sweep found.
type Swept struct {
	Rows      activities.SweptRows `json:"rows"`
	Gone      []string             `json:"gone,omitempty"`
	Troubled  []string             `json:"troubled,omitempty"`
	Histories int                  `json:"histories,omitempty"`
}

// Sweep mends what a crash left between two steps: it sends what is wanted
// and was not accepted, finds incidents whose workflow is gone or stuck, and
// keeps the histories of runs that have ended. What fails is left to the next
// sweep and does not keep the rest from being done; the error says all of it.
func Sweep(ctx workflow.Context) (Swept, error) {
	var s *activities.Sweeper
	var out Swept
	steps := []struct {
		summary  string
		activity any
		result   any
	}{
		{"send what was not accepted", s.SendWaiting, &out.Rows},
		{"look at silent incidents", s.InspectSilent, &out.Gone},
		{"report incidents that are stuck", s.ReportTroubled, &out.Troubled},
		{"keep histories", s.KeepHistories, &out.Histories},
	}
	var failed error
	for _, step := range steps {
		err := workflow.ExecuteActivity(sweeping(ctx, step.summary), step.activity).Get(ctx, step.result)
		if temporal.IsCanceledError(err) {
			return out, err
		}
		failed = errors.Join(failed, err)
	}
	return out, failed
}

// sweeping tries a step once: the next sweep is the next try.
func sweeping(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: Integrations, Summary: summary,
		StartToCloseTimeout: time.Minute, ScheduleToCloseTimeout: 2 * time.Minute,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		Priority:    temporal.Priority{PriorityKey: 4},
	})
}

const (
	sweeperSchedule = "sweeper"
	sweepEvery      = 15 * time.Second
)

// EnsureSchedule makes the sweeper run every 15 seconds, one sweep at a time;
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
