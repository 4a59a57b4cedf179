package runbook

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook/spec"
)

// What a runbook says of itself: see package spec.
type (
	// Spec is what a runbook says of itself; its Params are those of the struct
	// that its function takes.
	Spec = spec.Spec
	// Approval says who must approve what a run changes.
	Approval = spec.Approval
	// Limit bounds what one run may touch.
	Limit = spec.Limit
	// Facts are what its incident knows.
	Facts = spec.Facts
	// Name is a string that is a plain name: the type of a parameter that goes
	// on to another system. It holds letters, digits, dots, hyphens and
	// underscores only.
	Name = spec.NameText
)

// Runbook is a registered runbook. A changed runbook is a new name beside the
// old one, for as long as the old one may be running.
type Runbook struct {
	Spec
	problems []string
	run      func(ctx workflow.Context, values spec.Values) error
	begun    *begun
}

// New makes a runbook of a named function, never a literal, since workflowcheck
// sees only those. Its second parameter is a struct with a field for each
// parameter of the runbook: see spec.Fields.
func New[P any](run func(workflow.Context, P) error, s Spec) Runbook {
	b := Runbook{Spec: s, begun: &begun{}}
	if s.Approval != nil {
		b.Approval = new(s.Approval.Complete())
	}
	if run == nil || strings.Contains(functionName(run), ".func") {
		b.problems = append(b.problems, "it is not a named function")
	}
	var err error
	if b.Params, err = spec.Fields(reflect.TypeFor[P]()); err != nil {
		b.problems = append(b.problems, err.Error())
	}
	b.run = func(ctx workflow.Context, values spec.Values) error {
		var params P
		if err := spec.Fill(values, &params); err != nil {
			return err
		}
		return run(ctx, params)
	}
	return b
}

func functionName(f any) string {
	name := runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name()
	return name[strings.LastIndex(name, "/")+1:]
}

// Problems lists what its author got wrong: nothing when it can be registered.
func (b Runbook) Problems() []string { return append(b.Spec.Problems(), b.problems...) }

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
func (b Runbook) Execute(ctx workflow.Context, in Input) (text string, err error) {
	r := &run{spec: b.Spec, in: in, id: workflow.GetInfo(ctx).WorkflowExecution.ID}
	r.inside = b.begun.enter(ctx)
	defer r.inside.leave()
	steady, _ := workflow.NewDisconnectedContext(ctx)
	over := false
	workflow.GoNamed(ctx, "run", func(ctx workflow.Context) {
		r.inside.enter()
		defer r.inside.leave()
		text, err = b.perform(workflow.WithValue(ctx, runKey{}, r), r)
		over = true
	})
	// This coroutine comes before that of the author's code in each task.
	_ = workflow.Await(steady, func() bool { r.inside.goOn(steady); return over }) // nothing cancels it
	return text, err
}

// perform is Execute, once it is known that no earlier try goes on.
func (b Runbook) perform(ctx workflow.Context, r *run) (string, error) {
	within, halt := workflow.WithCancel(ctx)
	defer halt()
	r.whole, r.halt = ctx, halt
	values, err := b.Resolve(r.in.Given, r.in.Offered, r.in.Facts)
	r.values = values
	r.hold(ctx, Report{Kind: Started, Text: r.opening(), Target: b.TargetOf(values)})
	workflow.GoNamed(ctx, "controls", r.obey)
	workflow.GoNamed(ctx, "ends", r.hearEnds)
	if err == nil {
		err = r.claim(ctx)
	}
	if err == nil {
		err = contained(func() error { return b.run(within, values) })
	}
	if temporal.IsCanceledError(err) { // by what?
		err = r.unless(ctx, err)
	}
	if err != nil {
		why := err
		if r.skip != nil { // there is no next step
			r.notTaken(ctx, *r.skip)
		}
		r.abort, r.paused, r.skip, r.settling = nil, false, nil, true // the undo is asked for all the same
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
		// A text may hold anything, also what came with an alert.
		if strings.HasPrefix(text, "[TMPRL") && !authors(p) {
			panic(p)
		}
		err = fmt.Errorf("the runbook panicked: %s", short(said(text)))
	}()
	if err = body(); err != nil {
		_ = err.Error() // one that holds nothing panics here, and not in the kit
	}
	return err
}

// authors reports whether an author's code may have panicked with this: what the
// engine says is neither a string nor an error.
func authors(p any) bool {
	switch p.(type) {
	case string, error:
		return true
	default:
		return false
	}
}

// end reports how the run ended and makes the workflow's own result of it.
func (r *run) end(ctx workflow.Context, err error) (string, error) {
	r.receive(ctx)
	state, text := r.outcome(err)
	text = said(text)
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
		state, text = Refused, strings.TrimLeft(strings.TrimPrefix(reason(err), ErrRefused.Error()), ": ")
	case temporal.IsCanceledError(err):
		state, text = Cancelled, "before the next step"
	case isAborted(err):
		state, text = Cancelled, reason(err)
	default:
		state, text = Failed, reason(err)
	}
	return state, text + list("; undone: ", r.names(undone)) + list("; still stands: ", r.names(stands))
}

func list(lead string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return lead + strings.Join(names, ", ")
}
