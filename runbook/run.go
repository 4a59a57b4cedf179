package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// run is one execution of a runbook; the verbs find it in their context.
type run struct {
	spec   Spec
	id     string
	in     Input
	values spec.Values
	inside *inside
	// whole is the context of the run itself, and halt ends that of the author's
	// code, which an abort reaches wherever it waits.
	whole workflow.Context
	halt  workflow.CancelFunc

	ordinal int
	// unsaid counts the notes that were made and not told. settling says that
	// what was changed is being undone.
	unsaid    int
	settling  bool
	questions int
	outputs   int
	others    int
	// ends is how the runs ended that this one asked for.
	ends    map[string]End
	steps   int
	changes []*made
	// approved are the digests of the steps that an approval covers.
	approved []string
	// touched adds up what the steps touch.
	touched int
	gone    bool
	// pretended says that a dry run came past something that it did not do.
	pretended bool
	// paused says that somebody has it wait, waits is what it waits for and can
	// be skipped, skip who skips the next step, and abort who ends it.
	paused      bool
	waits       []*wait
	skip, abort *Control
	// open are the questions that wait for an answer, answers those that came
	// and were not taken yet.
	open    []string
	answers []Answer
	// held are reports that go with the next one; sending says that some are on
	// their way, heard that the incident has taken one.
	held           []Report
	sending, heard bool
	// soon says that what is held will be told before long.
	soon  bool
	lines []string
}

type runKey struct{}

// of returns the run that a verb was called in.
func of(ctx workflow.Context) *run {
	r, ok := ctx.Value(runKey{}).(*run)
	if !ok {
		panic("a runbook's verbs need the context that its function was called with")
	}
	return r
}

// stopped returns the reason to end the run before it does anything more. The
// incident has been told by then what it cannot know by itself; that steps were
// done, it learns a moment later.
func (r *run) stopped(ctx workflow.Context) error {
	if slices.ContainsFunc(r.held, func(rep Report) bool {
		return rep.Kind != Started && rep.Kind != Answered && (rep.Kind != Stepped || r.in.Prompt)
	}) {
		r.flush(ctx)
	}
	return r.over(ctx)
}

// tellWithin is how long the incident waits at most to hear of a step that was
// done: steps that follow each other are told together, since each signal costs
// as much history as a step does.
const tellWithin = 2 * time.Second

// tellSoon holds a report, and sees to it that it is told before long.
func (r *run) tellSoon(ctx workflow.Context, rep Report) {
	r.hold(ctx, rep)
	if r.soon || len(r.held) == 0 {
		return
	}
	r.soon = true
	steady, _ := workflow.NewDisconnectedContext(ctx)
	workflow.GoNamed(steady, "reports", func(ctx workflow.Context) {
		_ = sleep(ctx, tellWithin, "tell the incident") // nothing cancels it
		r.soon = false
		r.flush(ctx)
	})
}

// stoppedBeforeChange is stopped for what changes something: there must be an
// incident that has heard of the run.
func (r *run) stoppedBeforeChange(ctx workflow.Context) error {
	if !r.heard {
		r.flush(ctx)
	}
	err := r.stopped(ctx)
	if err == nil && !r.heard {
		err = errors.New("the incident could not be told that the run began")
	}
	return err
}

// over returns the reason to end the run that is known so far.
func (r *run) over(ctx workflow.Context) error {
	if err := r.left(ctx); err != nil {
		return err
	}
	return r.spent(ctx)
}

// left returns why nothing that can wait is waited for any more, or nil: the
// incident is gone, the run was cancelled or aborted, or another branch failed.
func (r *run) left(ctx workflow.Context) error {
	switch {
	case r.gone:
		return errGone
	case r.whole.Err() != nil:
		return r.whole.Err()
	case r.abort != nil:
		return aborted{*r.abort}
	}
	return ctx.Err()
}

// unless returns an error, unless there is a reason to end the run anyway: what
// fails then fails by that.
func (r *run) unless(ctx workflow.Context, err error) error {
	if left := r.left(ctx); left != nil && err != nil {
		return left
	}
	return err
}

const (
	// maxSummary is what the Temporal UI takes, in bytes.
	maxSummary = 200
	// shownLines is how much of a run its current details show.
	shownLines = 30
)

// report tells the incident, and waits until it has been told: reports reach
// it in their order. What could not be told goes with the next report, the
// newest of it; a run does not outlive its incident.
func (r *run) report(ctx workflow.Context, rep Report) {
	r.hold(ctx, rep)
	r.flush(ctx)
}

// maxHeld bounds what one signal brings.
const maxHeld = 50

// hold numbers a report and keeps it for the next signal.
func (r *run) hold(ctx workflow.Context, rep Report) {
	r.ordinal++
	rep.Run, rep.Ordinal, rep.At = r.id, r.ordinal, workflow.Now(ctx).UTC()
	rep.Text = said(rep.Text)
	if rep.State == "" {
		rep.State = Running
	}
	r.show(ctx, rep)
	r.held = append(r.held, rep)
	if len(r.held) >= maxHeld {
		r.flush(ctx)
	}
}

// flush tells the incident what is held, in one signal: each costs it history.
func (r *run) flush(ctx workflow.Context) {
	// A cancelled run still says so.
	steady, _ := workflow.NewDisconnectedContext(ctx)
	if workflow.Await(steady, func() bool { return !r.sending }) != nil || len(r.held) == 0 {
		return
	}
	told := r.held
	r.held = nil
	if r.gone {
		return
	}
	last := told[len(told)-1]
	last.Before = told[:len(told)-1]
	r.sending = true
	err := workflow.SignalExternalWorkflow(steady, r.in.Facts.Incident, "", ReportSignal, last).Get(steady, nil)
	r.sending = false
	if _, unknown := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); unknown {
		r.gone = true
		r.halt()
		return
	}
	r.heard = r.heard || err == nil
	if err != nil {
		r.held = slices.Concat(told, r.held)
		r.held = r.held[max(0, len(r.held)-maxHeld):]
		workflow.GetLogger(ctx).Warn("report did not reach the incident",
			"incident", r.in.Facts.Incident, "kind", last.Kind, "error", err)
	}
}

// show keeps the run legible in the Temporal UI.
func (r *run) show(ctx workflow.Context, rep Report) {
	line := fmt.Sprintf("- %s **%s** %s", rep.At.UTC().Format("15:04:05 MST"), rep.Kind, rep.Text)
	r.lines = append(r.lines, line)
	r.lines = r.lines[max(0, len(r.lines)-shownLines):]
	heading := fmt.Sprintf("### %s for %s: %s\n\n", r.spec.Name, r.in.Facts.Incident, rep.State)
	workflow.SetCurrentDetails(ctx, heading+strings.Join(r.lines, "\n"))
}

// opening says who started what, and with which parameters.
func (r *run) opening() string {
	what := r.spec.Name
	if r.in.DryRun {
		what = "a dry run of " + what
	}
	if len(r.values) > 0 {
		what += " with " + r.values.String()
	}
	return fmt.Sprintf("%s started %s", r.in.By, what)
}

func short(s string) string { return incident.CutBytes(s, maxSummary) }
