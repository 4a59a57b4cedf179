package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// recurAgain is the pause after a recurrence that could not be handed on.
const recurAgain = time.Minute

// recur hands on what fires after the end: to the incident that this one was
// merged into, or to the one that was opened for it before, or else to a new
// one. It tries until somebody has it.
func (r *response) recur(ctx workflow.Context) {
	owed := func() bool { return len(r.inc.Outbox.Recurrence) > 0 }
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || owed() }) != nil || r.stopping() {
			return
		}
		late := r.inc.Outbox.Recurrence
		next := r.state.Into
		if next == "" || !r.passOn(ctx, next, late) {
			next = r.open(ctx, late)
		}
		if next != "" {
			r.state.Into = next
			r.inc.Recurred(len(late), next, workflow.Now(ctx))
			continue
		}
		if r.until(ctx, workflow.Now(ctx).Add(recurAgain), "hand on the recurrence", r.stopping) != nil {
			return
		}
	}
}

// open starts a new incident for alerts of the same key, and returns its
// number, or "" when it cannot be started now. The number is made without the
// database: the new one settles its key itself, and is merged when another
// delivery was faster.
func (r *response) open(ctx workflow.Context, late []alerts.Alert) string {
	defer r.effect()()
	digest := sha256.Sum256([]byte(r.inc.Number + late[0].Fingerprint + late[0].StartsAt.UTC().String()))
	next := incident.New(incident.Opening{
		Number: incident.AwayPrefix + hex.EncodeToString(digest[:8]), Title: r.inc.Title, Key: r.inc.Key, Storm: r.inc.Storm,
		Recurs: r.inc.Number, Policy: r.inc.Policy, Urgency: r.inc.Urgency, Severity: r.inc.Severity,
		Runbooks: r.inc.Runbooks, By: incident.Self(), Source: r.inc.Origin, At: workflow.Now(ctx),
	})
	state := NewState(next, late, 0)
	state.Unlisted = r.state.Unlisted
	child := workflow.ExecuteChildWorkflow(r.sibling(ctx, next), Incident, state)
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil && !isAlreadyStarted(err) {
		r.log.Error("the recurrence cannot be opened", "number", next.Number, "error", err)
		return ""
	}
	return next.Number
}

// sibling is the context in which another incident starts: it outlives this
// one.
func (r *response) sibling(ctx workflow.Context, next *incident.Incident) workflow.Context {
	o := workflow.ChildWorkflowOptions{
		WorkflowID: next.Number, TaskQueue: Incidents, WorkflowTaskTimeout: taskTimeout,
		ParentClosePolicy:     enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		Priority:              temporal.Priority{PriorityKey: priority(next)},
		StaticSummary:         incident.CutBytes(next.Number+" "+next.Service, maxSummary),
		Memo:                  map[string]any{keyMemo: incident.Identity(next.Service, next.Key)},
	}
	if !r.state.Unlisted {
		o.TypedSearchAttributes = attributes(next)
	}
	return workflow.WithChildOptions(ctx, o)
}
