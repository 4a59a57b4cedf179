package runbook

import (
	"cmp"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// Deployed says what runs at a deploy target and what ran there before, the
// newest first. It changes nothing and is read on a dry run too. Errors are of
// kind NotFound, Unavailable or whatever the target answered with.
func Deployed(ctx workflow.Context, target string) (incident.Deployment, error) {
	if err := of(ctx).stopped(ctx); err != nil {
		return incident.Deployment{}, err
	}
	d, err := deployed(ctx, target)
	if err != nil {
		return d, fmt.Errorf("what is deployed at %s cannot be read: %w", quoted(target), err)
	}
	return d, nil
}

func deployed(ctx workflow.Context, target string) (incident.Deployment, error) {
	var a *activities.Runbooks
	var d incident.Deployment
	reading := reading(ctx, Quick, "look at what is deployed at "+target)
	err := workflow.ExecuteActivity(ours(reading), a.Deployed, activities.DeployTarget{Target: target}).Get(ctx, &d)
	return d, activities.Known(err)
}

// RevisionOf is the revision that runs at a deploy target.
func RevisionOf(target string) Reading { return revisionOf(target) }

type revisionOf string

func (t revisionOf) String() string { return "the revision of " + quoted(string(t)) }

func (t revisionOf) Read(ctx workflow.Context) (string, error) {
	d, err := deployed(ctx, string(t))
	return d.Revision, err
}

// RollBack is the call that takes a deploy target back to a revision, provided
// that it still runs the expected one; otherwise it is a Conflict.
type RollBack struct {
	Target   string
	To       string
	Expected string

	// left is the revision that the target ran afterwards: some targets give
	// a roll-back a revision of its own.
	left string
}

// String is the exact call.
func (c *RollBack) String() string {
	return fmt.Sprintf("roll back %s to %s, expecting %s", quoted(c.Target), quoted(c.To), quoted(c.Expected))
}

// Make orders the roll-back and waits until the target says that it is over.
func (c *RollBack) Make(ctx workflow.Context, key string) error {
	var a *activities.Runbooks
	var op incident.Operation
	order := incident.Rollback{Target: c.Target, To: c.To, Expected: c.Expected, Key: key, Reason: "ordered by run " + of(ctx).id}
	err := workflow.ExecuteActivity(ours(ctx), a.RollBack, order).Get(ctx, &op)
	if err != nil {
		return activities.Known(err)
	}
	if op, err = c.finished(ctx, op); err != nil {
		return err
	}
	if op.State == activities.OperationFailed {
		return c.failed(ctx)
	}
	c.left = op.Revision
	return nil
}

// finished waits until an operation is over. The order was taken: whatever the
// target says of it now, an error leaves its outcome unknown.
func (c *RollBack) finished(ctx workflow.Context, op incident.Operation) (incident.Operation, error) {
	if op.State == activities.OperationDone || op.State == activities.OperationFailed {
		return op, nil
	}
	var a *activities.Runbooks
	ref := activities.OperationRef{Target: c.Target, ID: op.ID}
	waiting := finishing(ctx, "wait until "+c.Target+" has been rolled back")
	err := workflow.ExecuteActivity(ours(waiting), a.OperationState, ref).Get(ctx, &op)
	if err != nil {
		return op, incident.Errorf(incident.Unavailable, "it was begun, but %w", activities.Known(err))
	}
	return op, nil
}

// failed tells a failed operation that left the target as it was from one that
// left it nobody knows how.
func (c *RollBack) failed(ctx workflow.Context) error {
	now, err := deployed(ctx, c.Target)
	if err == nil && now.Revision == c.Expected {
		return incident.Errorf(incident.Permanent, "the target could not do it and still runs %s", c.Expected)
	}
	return incident.Errorf(incident.Unavailable, "the target says that the operation failed")
}

// Step is the roll-back as a step, whose undo takes the target forward again,
// to the revision that ran before, provided that it still runs what the
// roll-back left. Deploy targets honour keys.
func (c *RollBack) Step() Step {
	return Step{
		Name: "roll back " + c.Target, Change: Change{Call: c, Repeat: ByKey},
		Undo: &Change{Call: &rollForward{c}, Repeat: ByKey},
	}
}

// rollForward is resolved when it is shown or made: only then is it known what
// the roll-back left.
type rollForward struct{ of *RollBack }

func (f *rollForward) String() string { return f.call().String() }

func (f *rollForward) Make(ctx workflow.Context, key string) error { return f.call().Make(ctx, key) }

func (f *rollForward) call() *RollBack {
	return &RollBack{Target: f.of.Target, To: f.of.Expected, Expected: cmp.Or(f.of.left, f.of.To)}
}
