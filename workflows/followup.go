package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// followUp waits, for weeks if need be, until every closure gate is met, and
// closes the incident. A relapse ends the wait.
func (r *response) followUp(ctx workflow.Context) error {
	if !r.in(incident.Resolved) {
		return nil
	}
	met := func() bool { return len(r.inc.Unmet(workflow.Now(ctx))) == 0 && r.told() }
	if err := r.await(ctx, func() bool { return !r.in(incident.Resolved) || met() }); err != nil {
		return err
	}
	if r.in(incident.Resolved) && met() {
		r.inc.Finish(workflow.Now(ctx))
	}
	return nil
}

// told reports whether everything that was to be said before closing was.
func (r *response) told() bool {
	return len(r.inc.Outbox.Notices)+len(r.inc.Outbox.Updates) == 0 && !r.ticketless()
}

// attendDuties keeps the duties whose time comes by policy.
func (r *response) attendDuties(ctx workflow.Context) {
	i := r.inc
	r.attend(ctx, "hold", i.HoldEnds, i.EndHold)
	r.attend(ctx, "time limit", func() time.Time { _, at := i.NextLimit(); return at }, func(now time.Time) {
		limit, _ := i.NextLimit()
		i.Breach(limit, now)
	})
	r.attend(ctx, "still on it", i.StillOnItDue, i.AskStillOnIt)
	r.attend(ctx, "reminder of the update", i.RemindDue, i.RemindUpdate)
	r.attend(ctx, "status update", func() time.Time { return i.Updates.Due }, i.AutomaticUpdate)
	r.attend(ctx, "stabilisation", r.keyDue, i.FreeKey)
	r.attend(ctx, "overdue follow-ups", i.NextOverdue, i.RemindOverdue)
	r.attend(ctx, "closure gate", func() time.Time { return i.NextGate(workflow.Now(ctx)) }, func(time.Time) {})
}

// keyDue returns when the alert key is to be freed, or the zero time.
func (r *response) keyDue() time.Time {
	if !r.inc.HoldsKey {
		return time.Time{}
	}
	return r.inc.Stabilised()
}
