package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Noise mails the noise report of the last week, where the catalog names an
// audience for it.
func Noise(ctx workflow.Context) (activities.Reported, error) {
	var r *activities.Reviewer
	var out activities.Reported
	err := workflow.ExecuteActivity(working(ctx, "report the noise of the last week"), r.ReportNoise).Get(ctx, &out)
	return out, err
}

const (
	// noiseDay and noiseHour are when the report goes out, in UTC.
	noiseDay  = int(time.Monday)
	noiseHour = 8
	// noiseTries is how long it is tried, and how late it may be made up for.
	noiseTries = 3 * 24 * time.Hour
)

// EnsureNoise makes Noise run every Monday at 08:00 UTC; a schedule that is
// there already is brought up to date. A report that was missed is made up for
// within three days.
func EnsureNoise(ctx context.Context, schedules client.ScheduleClient) error {
	return keep(ctx, schedules, client.ScheduleOptions{
		ID: "noise-report",
		Spec: client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{
			Hour: []client.ScheduleRange{{Start: noiseHour}}, DayOfWeek: []client.ScheduleRange{{Start: noiseDay}},
		}}},
		Action: &client.ScheduleWorkflowAction{
			ID: "report-noise", Workflow: Noise, TaskQueue: Incidents, WorkflowExecutionTimeout: noiseTries,
		},
		CatchupWindow: noiseTries,
	})
}
