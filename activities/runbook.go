package activities

import (
	"context"
	"math"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// Runbooks are the activities that runbooks stand on. Deployer and Metrics may
// be nil: what needs them then fails for good, saying so.
type Runbooks struct {
	Deployer Deployer
	Metrics  Metrics
	Targets  Targets
}

// Targets says who changes what.
type Targets interface {
	// Holder returns the id of the run that holds a workflow of this id as its
	// child, or "" when no such workflow runs.
	Holder(ctx context.Context, id string) (run string, err error)
}

// HoldID is the id of the workflow that stands for a target while a run changes
// it.
func HoldID(target string) string { return "target/" + target }

// HeldTarget names what a run changes.
type HeldTarget struct {
	Target string `json:"target"`
}

// Holder returns the run that changes a target, or "".
func (a *Runbooks) Holder(ctx context.Context, t HeldTarget) (string, error) {
	run, err := a.Targets.Holder(ctx, HoldID(t.Target))
	return run, Fail(err)
}

// DeployTarget names a deploy target.
type DeployTarget struct {
	Target string `json:"target"`
}

// OperationRef names an operation at a deploy target.
type OperationRef struct {
	Target string `json:"target"`
	ID     string `json:"id"`
}

// MetricQuery is an instant query.
type MetricQuery struct {
	Query string `json:"query"`
}

// The states of an operation at a deploy target.
const (
	OperationRunning = "running"
	OperationDone    = "done"
	OperationFailed  = "failed"
)

const (
	// keptRevisions bounds what Deployed brings into a history.
	keptRevisions = 10
	// operationPoll is how soon a running operation is looked at again.
	operationPoll = 2 * time.Second
)

// Deployed says what runs at a target, and at most ten earlier revisions.
func (a *Runbooks) Deployed(ctx context.Context, t DeployTarget) (incident.Deployment, error) {
	if a.Deployer == nil {
		return incident.Deployment{}, noDeployer()
	}
	d, err := a.Deployer.Deployed(ctx, t.Target)
	if err != nil {
		return incident.Deployment{}, Fail(err)
	}
	d.Previous = d.Previous[:min(len(d.Previous), keptRevisions)]
	return d, nil
}

// RollBack orders a target back to a revision, once a key. It is refused with
// a Conflict when the target no longer runs the expected one.
func (a *Runbooks) RollBack(ctx context.Context, r incident.Rollback) (incident.Operation, error) {
	if a.Deployer == nil {
		return incident.Operation{}, noDeployer()
	}
	op, err := a.Deployer.Rollback(ctx, r)
	return op, Fail(AfterOther(ctx, err))
}

// OperationState answers once an operation is done or has failed. While it
// still runs the answer is an Unavailable error that asks to be tried again:
// the engine polls, and a long operation leaves no trail in the history.
func (a *Runbooks) OperationState(ctx context.Context, ref OperationRef) (incident.Operation, error) {
	if a.Deployer == nil {
		return incident.Operation{}, noDeployer()
	}
	op, err := a.Deployer.Operation(ctx, ref.Target, ref.ID)
	if err != nil {
		return incident.Operation{}, Fail(err)
	}
	if op.State == OperationDone || op.State == OperationFailed {
		return op, nil
	}
	return op, NotYet("the operation at "+ref.Target+" is still running", operationPoll)
}

// Measure answers an instant query. A value that is not a finite number is no
// answer: it comes back as not found.
func (a *Runbooks) Measure(ctx context.Context, q MetricQuery) (incident.Measurement, error) {
	if a.Metrics == nil {
		return incident.Measurement{}, Fail(incident.Errorf(incident.Permanent,
			"no metrics source is configured: configure one to let runbooks check a metric"))
	}
	m, err := a.Metrics.Query(ctx, q.Query)
	if err != nil {
		return incident.Measurement{}, Fail(err)
	}
	if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
		return incident.Measurement{At: m.At}, nil
	}
	return m, nil
}

func noDeployer() error {
	return Fail(incident.Errorf(incident.Permanent,
		"no deploy target is configured: configure one to let runbooks look at deployments and roll them back"))
}
