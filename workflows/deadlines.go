package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// deadlines lets any number of coroutines wait for their time with one timer
// pending: the nearest. Await with a time-out of its own is not used, since it
// leaves its timer running after the condition was met, and a timer that
// fires wakes the whole incident.
type deadlines struct {
	waiting []*deadline
	// within holds while the present task has work to do within itself. The
	// engine counts a timer from the end of the task, the workflow from the last
	// thing that it did: a timer that is armed before that is late by as much.
	within func() bool
}

func newDeadlines(within func() bool) *deadlines { return &deadlines{within: within} }

type deadline struct {
	at   time.Time
	what string
}

// until waits until cond holds or t has come; a zero t never comes. It
// returns an error only when ctx is cancelled.
func (d *deadlines) until(ctx workflow.Context, t time.Time, what string, cond func() bool) error {
	if t.IsZero() {
		return workflow.Await(ctx, cond)
	}
	mine := &deadline{at: t, what: what}
	d.waiting = append(d.waiting, mine)
	defer func() {
		d.waiting = slices.DeleteFunc(d.waiting, func(w *deadline) bool { return w == mine })
	}()
	return workflow.Await(ctx, func() bool { return cond() || !workflow.Now(ctx).Before(t) })
}

// keep holds one timer at the nearest deadline for as long as ctx lives. It is
// armed anew only when a nearer deadline appears: one that fires for a wait
// that is over costs less than one cancelled for each.
func (d *deadlines) keep(ctx workflow.Context) {
	for {
		if workflow.Await(ctx, func() bool { return !d.within() && d.ahead(workflow.Now(ctx)) != nil }) != nil {
			return
		}
		now := workflow.Now(ctx)
		next := d.ahead(now)
		timerCtx, cancel := workflow.WithCancel(ctx)
		timer := workflow.NewTimerWithOptions(timerCtx, next.at.Sub(now), workflow.TimerOptions{Summary: incident.CutBytes(next.what, maxSummary)})
		at := next.at
		err := workflow.Await(ctx, func() bool {
			nearer := d.ahead(workflow.Now(ctx))
			return timer.IsReady() || (!d.within() && nearer != nil && nearer.at.Before(at))
		})
		cancel()
		if err != nil {
			return
		}
	}
}

// ahead returns the nearest deadline that has not come yet: one that has come
// wakes its own coroutine in this very task.
func (d *deadlines) ahead(now time.Time) *deadline {
	var first *deadline
	for _, w := range d.waiting {
		if w.at.After(now) && (first == nil || w.at.Before(first.at)) {
			first = w
		}
	}
	return first
}

// overdue reports whether a deadline has come that nobody has acted on yet.
func (d *deadlines) overdue(now time.Time) bool {
	return slices.ContainsFunc(d.waiting, func(w *deadline) bool { return !w.at.After(now) })
}

// maxSummary is the most that the engine keeps of a summary, in bytes.
const maxSummary = 200
