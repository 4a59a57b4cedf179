package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// inspector names the activity that looks at runs; it is never called.
var inspector *activities.Inspector

// silentAfter is how long a run may say nothing before it is looked at.
const silentAfter = 15 * time.Minute

// unbegunAfter is how long a run may take until it says that it has begun: a
// worker that is away is no reason to wait in the dark.
const unbegunAfter = 2 * time.Minute

// watchRuns looks at runs that fall silent: a run that was killed reports
// nothing, and the incident waits for no child.
func (r *response) watchRuns(ctx workflow.Context) {
	for !r.stopping() {
		at := r.silentAt()
		moved := func() bool { return r.stopping() || !r.silentAt().Equal(at) }
		if r.until(ctx, at, "a run that says nothing", moved) != nil || r.stopping() {
			return
		}
		r.takeIn(ctx)
		if run := r.silent(workflow.Now(ctx)); run != "" {
			r.inspect(ctx, run)
		}
	}
}

// silentAt returns when the next run is to be looked at, or the zero time.
func (r *response) silentAt() time.Time {
	var next time.Time
	for _, run := range r.inc.Runs {
		p, begun := r.state.Runs[run.ID]
		if at := p.Heard.Add(p.quietFor()); begun && run.Ended.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// silent returns a run that has said nothing for too long, or "".
func (r *response) silent(now time.Time) string {
	for _, run := range r.inc.Runs {
		p, begun := r.state.Runs[run.ID]
		if begun && run.Ended.IsZero() && !now.Before(p.Heard.Add(p.quietFor())) {
			return run.ID
		}
	}
	return ""
}

// inspect looks whether a silent run still goes on. A report that comes while
// it looks says more than what it finds.
func (r *response) inspect(ctx workflow.Context, run string) {
	before := r.state.Runs[run]
	var found activities.RunState
	err := workflow.ExecuteActivity(working(ctx, "look at "+run), inspector.LookAtRun, activities.RunRef{ID: run}).Get(ctx, &found)
	r.takeIn(ctx)
	now := workflow.Now(ctx)
	if r.state.Runs[run] != before {
		return
	}
	looked := progress{Ordinal: before.Ordinal, Heard: now, Looked: true}
	r.state.Runs[run] = looked
	if err == nil && found.Stuck {
		found = r.giveUp(ctx, run, found)
	}
	now = workflow.Now(ctx)
	switch {
	case err != nil:
	case found.Closed:
		r.inc.RunEnded(run, found.State, found.Text, now)
	case r.state.Runs[run] != looked:
	case found.Stuck:
		r.inc.RunStuck(run, found.Text, now)
	default:
		r.inc.RunGoesOn(run, now)
	}
}

// giveUp ends a run that is stuck, where somebody aborts it: it hears nothing of
// that itself, and need not be told that it can be aborted. It returns how the
// run stands then, as far as that is known.
func (r *response) giveUp(ctx workflow.Context, run string, found activities.RunState) activities.RunState {
	text := r.inc.GivenUp(run)
	if text == "" {
		return found
	}
	defer r.effect()()
	var then activities.RunState
	end := activities.RunEnd{ID: run, Text: text}
	err := workflow.ExecuteActivity(ending(ctx, "end "+run), inspector.EndRun, end).Get(ctx, &then)
	r.takeIn(ctx)
	if err != nil {
		return found
	}
	return then
}
