package workflows

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Watch looks for what changes with time alone, such as silences that end, in
// one activity: it runs often, and each of its events is written down. The
// activity is tried once, since the next watch is the next try.
func Watch(ctx workflow.Context) (activities.Watched, error) {
	var w *activities.Watcher
	var out activities.Watched
	err := workflow.ExecuteActivity(once(ctx, "look for what time has changed", 90*time.Second), w.Watch).Get(ctx, &out)
	return out, err
}

// watchEvery is how late what time has changed may be noticed.
const watchEvery = 10 * time.Second

// EnsureWatch makes Watch run every 10 seconds, one at a time; a schedule that
// is there already is brought up to date. What was missed while Temporal was
// away is not made up for: each watch looks at what is so then.
func EnsureWatch(ctx context.Context, schedules client.ScheduleClient) error {
	return ensure(ctx, schedules, recurring{ID: "watcher", Every: watchEvery, Run: "watch", Workflow: Watch})
}
