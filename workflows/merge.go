package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// mergeAgain is the pause before an incident that has not answered is told
// again.
const mergeAgain = 5 * time.Minute

// merge makes this incident a part of another one, when a person asked for it.
// It goes on as before, paging too, until the other one has taken over all
// there is: what comes in meanwhile is handed over as well. The journal then
// moves its key.
func (r *response) merge(ctx workflow.Context) {
	owed := func() bool { return r.inc.Outbox.Merge != nil }
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || owed() }) != nil || r.stopping() {
			return
		}
		r.takeIn(ctx)
		m := r.inc.Outbox.Merge
		if m == nil {
			continue
		}
		told, changed := r.inc.Parting()
		if !changed && m.Taken == m.Ordinal {
			r.state.Into = m.Into
			r.inc.Merge(m.Into, workflow.Now(ctx))
			continue
		}
		if !r.signal(ctx, m.Into, MergeSignal, told) {
			r.inc.NotMerged(m.Into+" cannot hear: it is over, or its workflow is gone", workflow.Now(ctx))
			continue
		}
		settled := func() bool { return r.stopping() || r.inc.Outbox.Merge != m || m.Taken == told.Ordinal }
		if r.until(ctx, workflow.Now(ctx).Add(mergeAgain), "answer of "+m.Into, settled) != nil {
			return
		}
	}
}

// answerMerges tells incidents that are to be merged into this one whether they
// were taken over.
func (r *response) answerMerges(ctx workflow.Context) {
	owed := func() bool { return len(r.inc.Outbox.Absorptions) > 0 }
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || owed() }) != nil || r.stopping() {
			return
		}
		a := r.inc.Outbox.Absorptions[0]
		r.signal(ctx, a.To, MergedSignal, a)
		r.inc.Told(a)
	}
}

// signal tells another incident something, and reports whether it could hear.
func (r *response) signal(ctx workflow.Context, number, name string, payload any) bool {
	defer r.effect()()
	err := workflow.SignalExternalWorkflow(ctx, number, "", name, payload).Get(ctx, nil)
	if err != nil {
		r.log.Warn("another incident does not hear", "other", number, "signal", name, "error", err)
	}
	return err == nil
}

// takeMerges applies what other incidents say of merges.
func (r *response) takeMerges(ctx workflow.Context, now time.Time) {
	drain(ctx, MergeSignal, func(a incident.Absorb) {
		if r.unadopted() {
			r.inc.CannotAbsorb(a, "it is not settled yet whether "+r.inc.Number+" itself becomes part of another")
			return
		}
		r.inc.Absorb(a, now)
	})
	if slices.ContainsFunc(r.inc.Absorbed, func(a incident.Absorbed) bool { return a.Number == r.state.Into }) {
		r.state.Into = "" // what went on there has come back
	}
	drain(ctx, MergedSignal, func(a incident.Absorption) { r.inc.Answered(a, now) })
}
