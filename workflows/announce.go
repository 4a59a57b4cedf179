package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// Announce takes in which runbooks a worker of another repository serves. What
// is not as it should be, comes with Tocsin or is served on another task queue
// is refused, each with its reason; the others are offered for a day.
func Announce(ctx workflow.Context, a runbook.Announcement) (runbook.Announced, error) {
	var out runbook.Announced
	if err := a.Problem(); err != nil {
		return out, temporal.NewNonRetryableApplicationError(err.Error(), string(incident.KindOf(err)), nil)
	}
	var list []activities.ServedRunbook
	for _, s := range a.Runbooks {
		doc, why := runbook.Shelved(s)
		if why != "" {
			out.Refused = append(out.Refused, runbook.Unoffered{Name: incident.CutBytes(s.Name, maxSummary), Why: why})
			continue
		}
		list = append(list, activities.ServedRunbook{Name: s.Name, Queue: a.Queue, Spec: doc})
	}
	if len(list) == 0 {
		return out, nil
	}
	var refused map[string]string
	err := workflow.ExecuteActivity(asking(ctx, 2*time.Minute, "take in the runbooks of "+a.Queue), recorder.Shelve, list).Get(ctx, &refused)
	if err != nil {
		return out, err
	}
	for _, r := range list {
		if why := refused[r.Name]; why != "" {
			out.Refused = append(out.Refused, runbook.Unoffered{Name: r.Name, Why: why})
		} else {
			out.Offered = append(out.Offered, r.Name)
		}
	}
	return out, nil
}
