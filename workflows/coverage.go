package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Coverage looks ahead for times at which a page would reach nobody, and tells
// the teams what they have not heard yet.
func Coverage(ctx workflow.Context) (activities.Ahead, error) {
	var l *activities.Lookout
	var out activities.Ahead
	err := workflow.ExecuteActivity(working(ctx, "look 14 days ahead"), l.LookAhead).Get(ctx, &out)
	return out, err
}

const (
	// coverageHour is when it looks, every night, in UTC.
	coverageHour = 2
	// coverageTries is how long a look is tried, and how late one may be made up
	// for: until the next night's.
	coverageTries = 20 * time.Hour
)

// EnsureCoverage makes Coverage run every night, and at once where it never
// ran; a schedule that is there already is brought up to date. A night that was
// missed is made up for.
func EnsureCoverage(ctx context.Context, schedules client.ScheduleClient) error {
	return keep(ctx, schedules, client.ScheduleOptions{
		ID:   "coverage",
		Spec: client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{Hour: []client.ScheduleRange{{Start: coverageHour}}}}},
		Action: &client.ScheduleWorkflowAction{
			ID: "look-ahead", Workflow: Coverage, TaskQueue: Incidents, WorkflowExecutionTimeout: coverageTries,
		},
		CatchupWindow: coverageTries, TriggerImmediately: true,
	})
}
