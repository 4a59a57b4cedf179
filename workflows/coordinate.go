package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// coordinate starts what runs beside the steps: paging, status updates, the
// duties that come with time, tickets and runbooks. The journal comes last, so
// that it writes what the others did in the same moment at once.
func (r *response) coordinate(ctx workflow.Context) {
	workflow.GoNamed(ctx, "deadlines", r.keep)
	workflow.GoNamed(ctx, "paging", r.page)
	r.attendDuties(ctx)
	workflow.GoNamed(ctx, "publishing", r.publish)
	workflow.GoNamed(ctx, "tickets", r.watchTickets)
	workflow.GoNamed(ctx, "runbooks", r.runRunbooks)
	workflow.GoNamed(ctx, "silent runs", r.watchRuns)
	workflow.GoNamed(ctx, "runs by themselves", r.autoRun)
	workflow.GoNamed(ctx, "adoption", r.adopt)
	workflow.GoNamed(ctx, "recurrence", r.recur)
	workflow.GoNamed(ctx, "split", r.split)
	workflow.GoNamed(ctx, "strays", r.passStrays)
	workflow.GoNamed(ctx, "merge", r.merge)
	workflow.GoNamed(ctx, "answers to merges", r.answerMerges)
	workflow.GoNamed(ctx, "silencing", r.silence)
	workflow.GoNamed(ctx, "visibility", r.show)
	workflow.GoNamed(ctx, "journal", r.journal)
}

// attendDuties keeps the duties whose time comes by policy.
func (r *response) attendDuties(ctx workflow.Context) {
	i := r.inc
	r.attend(ctx, "hold", i.HoldEnds, i.EndHold)
	r.attend(ctx, "time limit", func() time.Time { _, at := i.NextLimit(); return at }, func(now time.Time) {
		limit, _ := i.NextLimit()
		i.Breach(limit, now)
	})
	r.attend(ctx, "warning of the time limit", i.WarningDue, i.Warn)
	r.attend(ctx, "expiry of escape hatches", i.HatchDue, i.ExpireHatch)
	r.attend(ctx, "end of the snooze", i.SnoozeEnds, i.EndSnooze)
	r.attend(ctx, "end of the flapping", i.FlappingEnds, i.EndFlapping)
	r.attend(ctx, "still on it", i.StillOnItDue, i.AskStillOnIt)
	r.attend(ctx, "reminder of the update", i.RemindDue, i.RemindUpdate)
	r.attend(ctx, "status update", func() time.Time { return i.Updates.Due }, i.AutomaticUpdate)
	r.attend(ctx, "end of the stabilisation window", r.keyDue, i.FreeKey)
	r.attend(ctx, "overdue follow-ups", i.NextOverdue, i.RemindOverdue)
	r.attend(ctx, "look at the closure gates", func() time.Time { return i.NextGate(workflow.Now(ctx)) }, func(time.Time) {})
}

// dutyRest is the least time between two turns of one duty: a rule that made
// its own duty due again at once must not hold the task for ever.
const dutyRest = time.Second

// attend keeps one timed duty: it acts each time that its moment has come.
func (r *response) attend(ctx workflow.Context, what string, due func() time.Time, act func(now time.Time)) {
	workflow.GoNamed(ctx, what, func(ctx workflow.Context) {
		var rested time.Time
		for !r.stopping() {
			at := due()
			moved := func() bool { return r.stopping() || !due().Equal(at) }
			wait := at
			if !at.IsZero() && at.Before(rested) {
				wait = rested
			}
			if r.until(ctx, wait, what, moved) != nil {
				return
			}
			if workflow.Await(ctx, func() bool { return r.heard() || r.stopping() }) != nil {
				return
			}
			r.takeIn(ctx)
			if now := workflow.Now(ctx); !r.stopping() && due().Equal(at) && !at.IsZero() && !now.Before(wait) {
				act(now)
				rested = now.Add(dutyRest)
			}
		}
	})
}

// keyDue returns when the alert key is to be freed, or the zero time.
func (r *response) keyDue() time.Time {
	if !r.inc.HoldsKey {
		return time.Time{}
	}
	return r.inc.Stabilised()
}
