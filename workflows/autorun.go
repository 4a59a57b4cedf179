package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// autoRun starts, after the first pages were tried, what the catalog has start
// by itself.
func (r *response) autoRun(ctx workflow.Context) {
	for !r.stopping() {
		var next incident.RunbookOffered
		due := func() (is bool) {
			next, is = r.inc.ToAutoRun()
			return is && !r.opening
		}
		if workflow.Await(ctx, func() bool { return due() || r.stopping() }) != nil || r.stopping() {
			return
		}
		refused := r.notAdmitted(ctx, next)
		r.inc.AutoRun(next.Name, refused, workflow.Now(ctx))
	}
}

// notAdmitted says why a runbook may not start by itself, or nothing. Whether
// it may is counted over all incidents of its service; while nobody can count,
// it may not.
func (r *response) notAdmitted(ctx workflow.Context, o incident.RunbookOffered) string {
	most, within := o.AutoLimit()
	if most == 0 {
		return o.TooOften()
	}
	defer r.effect()()
	ask := activities.AutoRun{Incident: r.inc.Number, Service: r.inc.Service, Runbook: o.Name, At: workflow.Now(ctx), Most: most, Within: within, Diagnostic: o.ReadOnly}
	var admitted bool
	what := "may " + o.Name + " start?"
	err := workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit, what), recorder.AdmitRun, ask).Get(ctx, &admitted)
	if unanswered(err) {
		err = workflow.ExecuteActivity(asking(ctx, 2*time.Minute, what), recorder.AdmitRun, ask).Get(ctx, &admitted)
	}
	switch {
	case err != nil:
		return "nobody could count how often it did"
	case !admitted:
		return o.TooOften()
	}
	return ""
}
