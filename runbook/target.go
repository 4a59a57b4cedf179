package runbook

import (
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// HoldType is the workflow type of HoldTarget, and begins its ids.
const HoldType = "target"

// HoldTarget stands for a target while a run may change it: a workflow of one id
// runs once in a namespace, so that no other run can begin to change the same
// target, whichever its incident and worker. It is a child of the run, and ends
// with it however that ends.
func HoldTarget(ctx workflow.Context, run string) error {
	workflow.SetCurrentDetails(ctx, "held by "+run)
	return workflow.Await(ctx, func() bool { return false })
}

const (
	// holdTries is how often a target that has just been let go is tried again,
	// holdAgain the pause in between.
	holdTries = 5
	holdAgain = time.Second
	// waitsLeast and waitsMost bound the pause between the tries to take a target
	// that another run changes too.
	waitsLeast = 5 * time.Second
	waitsMost  = 2 * time.Minute
	// maxTarget bounds the name of a target, in bytes: it is part of an id.
	maxTarget = 500
)

// claim takes the run's targets, which are its own until the run ends. It fails
// with ErrRefused while another run changes one, unless somebody breaks the
// glass: then the other run is told.
func (r *run) claim(ctx workflow.Context) error {
	if r.in.DryRun {
		return nil
	}
	for _, target := range r.spec.TargetsOf(r.values) {
		if err := r.take(ctx, target); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) take(ctx workflow.Context, target string) error {
	if len(target) > maxTarget {
		return incident.Errorf(incident.Invalid, "the name of its target is longer than %d bytes", maxTarget)
	}
	for range holdTries {
		err := r.startHold(ctx, target)
		if err == nil {
			return nil
		}
		holder, lookErr := holderOf(ctx, target)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case lookErr != nil:
			return fmt.Errorf("nobody can tell whether %s is being changed: %w", target, lookErr)
		case holder != "" && r.in.BreakGlass != "":
			r.breakGlass(ctx, target, holder)
			workflow.GoNamed(ctx, "hold", func(ctx workflow.Context) { r.holdOnce(ctx, target) })
			return nil
		case holder != "":
			return fmt.Errorf("%w: %s is being changed by %s until that ends; who must not wait gives a reason to break the glass", ErrRefused, target, holder)
		}
		if err := sleep(ctx, holdAgain, "take "+target+" once it is let go"); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s cannot be taken: try again", target)
}

// holdOnce takes a target as soon as the run that has it lets it go: whoever
// comes then finds it held.
func (r *run) holdOnce(ctx workflow.Context, target string) {
	for pause := waitsLeast; ; pause = min(2*pause, waitsMost) {
		if sleep(ctx, pause, "take "+target+" once it is let go") != nil || r.startHold(ctx, target) == nil {
			return
		}
	}
}

// startHold takes a target until the run ends; that the run is cancelled lets
// nothing go, since what has begun is seen to its end.
func (r *run) startHold(ctx workflow.Context, target string) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: activities.HoldID(target), ParentClosePolicy: enums.PARENT_CLOSE_POLICY_TERMINATE,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		RetryPolicy:           &temporal.RetryPolicy{MaximumAttempts: 1},
		StaticSummary:         short("held by " + r.id),
	})
	return workflow.ExecuteChildWorkflow(child, HoldType, r.id).GetChildWorkflowExecution().Get(ctx, nil)
}

func holderOf(ctx workflow.Context, target string) (run string, err error) {
	var a *activities.Runbooks
	err = workflow.ExecuteActivity(ours(reading(ctx, Quick, "who changes "+target)), a.Holder, activities.HeldTarget{Target: target}).Get(ctx, &run)
	return run, activities.Known(err)
}

// breakGlass goes on although another run changes the target, and has that one
// say so.
func (r *run) breakGlass(ctx workflow.Context, target, holder string) {
	text := fmt.Sprintf("%s breaks the glass (%s): %s is being changed by %s too", r.in.By, r.in.BreakGlass, target, holder)
	r.report(ctx, Report{Kind: Noted, Text: text})
	warning := Control{Do: warn, By: r.in.By, Reason: fmt.Sprintf("%s changes %s too: %s", r.id, target, r.in.BreakGlass)}
	err := workflow.SignalExternalWorkflow(ctx, holder, "", ControlSignal, warning).Get(ctx, nil)
	if err != nil {
		r.note(ctx, "%s could not be told", holder)
	}
}
