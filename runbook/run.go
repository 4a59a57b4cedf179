package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// run is one execution of a runbook; the verbs find it in their context.
type run struct {
	name string
	id   string
	in   Input

	ordinal   int
	questions int
	steps     int
	changes   []*change
	gone      bool
	// held are reports that go with the next one; sending says that some are on
	// their way, heard that the incident has taken one.
	held           []Report
	sending, heard bool
	lines          []string
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
// incident has been told by then what it cannot know by itself.
func (r *run) stopped(ctx workflow.Context) error {
	if slices.ContainsFunc(r.held, func(rep Report) bool { return rep.Kind != Started && rep.Kind != Answered }) {
		r.flush(ctx)
	}
	return r.over(ctx)
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
	if r.gone {
		return errGone
	}
	return ctx.Err()
}

const (
	// maxSummary is what the Temporal UI takes, in bytes.
	maxSummary = 200
	// maxText bounds what a report brings into the incident's history.
	maxText = 2000
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
const maxHeld = 20

// hold numbers a report and keeps it for the next signal.
func (r *run) hold(ctx workflow.Context, rep Report) {
	r.ordinal++
	rep.Run, rep.Ordinal, rep.At = r.id, r.ordinal, workflow.Now(ctx).UTC()
	rep.Text = cut(rep.Text, maxText)
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
	err := workflow.SignalExternalWorkflow(steady, r.in.Incident, "", ReportSignal, last).Get(steady, nil)
	r.sending = false
	if _, unknown := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); unknown {
		r.gone = true
		return
	}
	r.heard = r.heard || err == nil
	if err != nil {
		r.held = slices.Concat(told, r.held)
		r.held = r.held[max(0, len(r.held)-maxHeld):]
		workflow.GetLogger(ctx).Warn("report did not reach the incident",
			"incident", r.in.Incident, "kind", last.Kind, "error", err)
	}
}

// show keeps the run legible in the Temporal UI.
func (r *run) show(ctx workflow.Context, rep Report) {
	line := fmt.Sprintf("- %s **%s** %s", rep.At.UTC().Format("15:04:05 MST"), rep.Kind, rep.Text)
	r.lines = append(r.lines, line)
	r.lines = r.lines[max(0, len(r.lines)-shownLines):]
	heading := fmt.Sprintf("### %s for %s: %s\n\n", r.name, r.in.Incident, rep.State)
	workflow.SetCurrentDetails(ctx, heading+strings.Join(r.lines, "\n"))
}

// opening says who started what.
func (r *run) opening() string {
	if r.in.DryRun {
		return fmt.Sprintf("%s started a dry run of %s", r.in.By, r.name)
	}
	return fmt.Sprintf("%s started %s", r.in.By, r.name)
}

func short(s string) string { return cut(s, maxSummary) }

// cut shortens s to at most n bytes without breaking a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const mark = "…"
	end := n - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}
