package runbook

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
)

// Runbook is a named, registered runbook. A changed runbook is a new name
// beside the old one, for as long as the old one may be running.
type Runbook struct {
	// Name is lower-case words joined by hyphens; it is the workflow type too.
	Name string
	// About says in one sentence what it does.
	About string
	// Fits says in one sentence when to reach for it.
	Fits   string
	Params []Param
	// Approve hints at who usually approves it; the response policy decides.
	Approve catalog.Standing
	// Run is a named function, never a literal: workflowcheck sees only those.
	Run func(ctx workflow.Context, in Input) error
}

// ErrRefused is wrapped by the error of an approval that was refused or that
// nobody gave in time. A runbook that finds that it must not go on wraps it
// too, with the reason: the run then ends as refused, not as failed.
var ErrRefused = errors.New("refused")

// errGone ends a run whose incident is no more.
var errGone = errors.New("the incident is gone")

// Execute is the workflow of a run, registered under the runbook's name. It
// checks the parameters, lets Run do its work, sees to what must be undone and
// reports the end. Its result says in one sentence how the run ended; it fails
// only when the run failed or was cancelled.
func (b Runbook) Execute(ctx workflow.Context, in Input) (string, error) {
	r := &run{name: b.Name, in: in, id: workflow.GetInfo(ctx).WorkflowExecution.ID}
	ctx = workflow.WithValue(ctx, runKey{}, r)
	r.hold(ctx, Report{Kind: Started, Text: r.opening()})
	var err error
	r.in.Params, err = b.Complete(in.Params)
	if err == nil {
		err = contained(func() error { return b.Run(ctx, r.in) })
	}
	if err != nil {
		why := err
		err = errors.Join(why, contained(func() error { r.settle(ctx, why); return nil }))
	}
	return r.end(ctx, err)
}

// contained turns a panic of an author's code into an error. What the engine
// itself panics with goes on to the engine.
func contained(body func() error) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		text := fmt.Sprint(p)
		if strings.Contains(text, "[TMPRL") {
			panic(p)
		}
		err = fmt.Errorf("the runbook panicked: %s", short(text))
	}()
	return body()
}

// end reports how the run ended and makes the workflow's own result of it.
func (r *run) end(ctx workflow.Context, err error) (string, error) {
	r.tellLate(ctx)
	state, text := r.outcome(err)
	r.report(ctx, Report{Kind: Ended, State: state, Text: text})
	switch state {
	case Failed:
		return "", temporal.NewNonRetryableApplicationError(text, state, nil)
	case Cancelled:
		return "", temporal.NewCanceledError(text)
	default:
		return text, nil
	}
}

// outcome says how the run ended and, beyond what its state says, what it did
// or leaves behind.
func (r *run) outcome(err error) (state, text string) {
	switch {
	case err == nil && r.in.DryRun:
		return Done, "dry run: nothing was changed"
	case err == nil:
		return Done, list("", r.names(stands))
	case errors.Is(err, ErrRefused):
		state, text = Refused, strings.TrimLeft(strings.TrimPrefix(err.Error(), ErrRefused.Error()), ": ")
	case temporal.IsCanceledError(err):
		state, text = Cancelled, "before the next step"
	default:
		state, text = Failed, err.Error()
	}
	return state, text + list("; undone: ", r.names(undone)) + list("; still stands: ", r.names(stands))
}

func list(lead string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return lead + strings.Join(names, ", ")
}
