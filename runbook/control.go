package runbook

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Verb says what a person has a run do.
type Verb string

// What a person can have a run do.
const (
	// Pause has it wait before its next step.
	Pause Verb = "pause"
	// Resume has it go on.
	Resume Verb = "resume"
	// Skip has it go on without what it waits for, or, when it is paused, without
	// its next step. No approval is skipped, and no other runbook that it has run:
	// that is a run of its own.
	Skip Verb = "skip"
	// Abort ends it before its next step, and offers the undo of what it did. The
	// context of the author's code is cancelled by that, wherever it waits.
	Abort Verb = "abort"
	// warn is what another run has it say.
	warn Verb = "warn"
)

// Control is what a person has a run do, in the payload of ControlSignal. Who
// may is for the incident to decide, before it sends one.
type Control struct {
	Do     Verb   `json:"do"`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// String is who did it, and why.
func (c Control) String() string {
	if c.Reason == "" {
		return "by " + c.By
	}
	return fmt.Sprintf("by %s (%s)", c.By, c.Reason)
}

// aborted ends a run that somebody aborts.
type aborted struct{ Control }

func (a aborted) Error() string { return "aborted " + a.String() }

func isAborted(err error) bool {
	_, is := errors.AsType[aborted](err)
	return is
}

// obey takes controls for as long as the run lasts.
func (r *run) obey(ctx workflow.Context) {
	channel := workflow.GetSignalChannel(ctx, ControlSignal)
	for {
		var c Control
		if !channel.Receive(ctx, &c) || ctx.Err() != nil {
			return
		}
		r.control(ctx, c)
	}
}

func (r *run) control(ctx workflow.Context, c Control) {
	switch {
	case c.Do == Pause && !r.paused:
		r.paused = true
		r.note(ctx, "paused %s", c)
	case c.Do == Resume && r.paused:
		r.paused = false
		r.note(ctx, "resumed %s", c)
	case c.Do == Skip && r.skips(c):
	case c.Do == Abort && r.abort == nil && !r.settling:
		r.abort = &c
		r.halt()
		r.note(ctx, "to be aborted %s", c)
	case c.Do == warn:
		r.note(ctx, "the glass was broken %s", c)
	default:
		r.notTaken(ctx, c)
	}
}

func (r *run) notTaken(ctx workflow.Context, c Control) {
	r.note(ctx, "not taken: %s %s, of which there is nothing to do", c.Do, c)
}

// wait is something that the run waits for and that can be skipped, which
// somebody has it do: a skip answers what it was meant for and nothing else.
type wait struct{ skip *Control }

// begin has something be waited for until it is ended.
func (r *run) begin() *wait {
	w := &wait{}
	r.waits = append(r.waits, w)
	return w
}

func (r *run) finish(w *wait) {
	r.waits = slices.DeleteFunc(r.waits, func(o *wait) bool { return o == w })
}

// skips has a control skip what has been waited for longest, or else the next
// step of a run that is paused. It is false when there is neither.
func (r *run) skips(c Control) bool {
	n := slices.IndexFunc(r.waits, func(w *wait) bool { return w.skip == nil })
	switch {
	case n >= 0:
		r.waits[n].skip = &c
	case r.paused && r.skip == nil:
		r.skip = &c
	default:
		return false
	}
	return true
}

// mayGoOn waits while the run is paused. What comes next may be skipped then:
// the control that says so is returned.
func (r *run) mayGoOn(ctx workflow.Context) (*Control, error) {
	skip := r.skip
	r.skip = nil
	if r.paused && skip == nil && !r.in.DryRun {
		r.flush(ctx)
		w := r.begin()
		r.abide(ctx, "paused", func() bool { return !r.paused || w.skip != nil })
		r.finish(w)
		skip = w.skip
	}
	return skip, r.over(ctx)
}

// signOfLife is how often a run that waits without a bound says that it does.
const signOfLife = 6 * time.Hour

// abide waits for something for as long as it takes, unless the run is over. It
// says so now and then, by which it learns that its incident is gone.
func (r *run) abide(ctx workflow.Context, what string, met func() bool) {
	for !met() && r.left(ctx) == nil {
		r.rest(ctx, signOfLife, what, met)
		if !met() && r.left(ctx) == nil {
			r.report(ctx, Report{Kind: Noted, Text: "still " + what})
		}
	}
}

// rest lets time pass until a condition holds, or there is a reason to end the
// run. It leaves no timer behind.
func (r *run) rest(ctx workflow.Context, d time.Duration, why string, met func() bool) {
	limit, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(limit, d, workflow.TimerOptions{Summary: short(why)})
	_ = workflow.Await(ctx, func() bool {
		return met() || timer.IsReady() || r.abort != nil || r.gone || r.whole.Err() != nil
	}) // who asked looks what it was
}

// idle is rest for what may be skipped; it returns who skipped it.
func (r *run) idle(ctx workflow.Context, w *wait, d time.Duration, why string) (*Control, error) {
	r.rest(ctx, d, why, func() bool { return w.skip != nil })
	return w.skip, r.over(ctx)
}

// skipped notes that something was skipped, and passes an error on.
func (r *run) skipped(ctx workflow.Context, skip *Control, what string, err error) error {
	if skip != nil && err == nil {
		r.note(ctx, "skipped %s: %s", skip, what)
	}
	return err
}
