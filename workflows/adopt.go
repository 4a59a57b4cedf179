package workflows

import (
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// adoptAgain is the pause after an adoption that could not be settled.
const adoptAgain = time.Minute

// unadopted reports whether this incident was opened while the database was
// away, and does not know yet whether its key is its own.
func (r *response) unadopted() bool {
	return strings.HasPrefix(r.inc.Number, incident.AwayPrefix) && r.inc.Key != "" && !r.state.Adopted
}

// adopt claims the key of an incident that was opened without the database, as
// soon as something could be recorded. When another incident holds the key,
// that one hears the alerts, and this one is merged into it and stops paging:
// once nothing is left that only this one knows of.
func (r *response) adopt(ctx workflow.Context) {
	for r.unadopted() {
		if workflow.Await(ctx, func() bool { return r.stopping() || r.recorded > 0 }) != nil || r.stopping() || r.inc.Phase.Over() {
			return
		}
		holder, err := r.claimKey(ctx)
		switch {
		case err == nil && holder != r.inc.Number && r.inc.Outbox.Merge != nil:
			r.log.Info("a person merges it into another incident: the key waits for that", "holder", holder)
		case err != nil:
			r.log.Warn("the key is not settled; trying again", "error", err)
		case holder == r.inc.Number || r.inc.Phase.Over():
			r.state.Adopted, r.state.Kept = true, nil
			return
		case r.passOnKept(ctx, holder):
			if r.inc.MustStay() == "" {
				r.state.Adopted, r.state.Kept, r.state.Into = true, nil, holder
				r.inc.Merge(holder, workflow.Now(ctx))
				return
			}
			r.stay(ctx, holder)
			continue // what ended that is looked at at once
		}
		if r.until(ctx, workflow.Now(ctx).Add(adoptAgain), "settle the key", r.stopping) != nil {
			return
		}
	}
}

// stay waits until an incident that is to become a part of another one leaves
// nothing behind, or has heard of alerts that the other one does not know.
func (r *response) stay(ctx workflow.Context, holder string) {
	if why := r.inc.MustStay(); why != r.state.Stays {
		r.state.Stays = why
		r.inc.Stays(holder, workflow.Now(ctx))
	}
	_ = workflow.Await(ctx, func() bool {
		return r.stopping() || r.inc.MustStay() == "" || len(r.state.Kept) > 0
	}) // the caller looks
}

// claimKey returns the incident that holds the key.
func (r *response) claimKey(ctx workflow.Context) (string, error) {
	defer r.effect()()
	c := activities.KeyClaim{Number: r.inc.Number, Service: r.inc.Service, Key: r.inc.Key, At: workflow.Now(ctx)}
	var holder string
	err := workflow.ExecuteLocalActivity(locally(ctx, journalLimit, "settle who holds the key"), recorder.Adopt, c).Get(ctx, &holder)
	if err != nil {
		err = workflow.ExecuteActivity(recording(ctx, "settle the key"), recorder.Adopt, c).Get(ctx, &holder)
	}
	return holder, err
}

// passOnKept passes on what was heard until now, and keeps what was not heard
// there.
func (r *response) passOnKept(ctx workflow.Context, holder string) bool {
	batch, cut := r.state.Kept, r.cut
	heard := r.passOn(ctx, holder, batch)
	if heard {
		r.state.Kept = r.state.Kept[max(0, len(batch)-(r.cut-cut)):]
	}
	return heard
}

// keepAlerts keeps the latest alerts until it is known whose they are.
func (r *response) keepAlerts(batch []alerts.Alert) {
	more := max(0, len(batch)-maxKept)
	r.state.Kept, r.cut = batch[more:], r.cut+more
}

// passOn tells another incident of alerts, and reports whether it could hear. One
// that heard them before only says that.
func (r *response) passOn(ctx workflow.Context, number string, batch []alerts.Alert) bool {
	defer r.effect()()
	said := Alerts{Alerts: batch, More: r.inc.Counts.More, PassedOn: len(batch) == 0 || r.state.Stays != ""}
	err := workflow.SignalExternalWorkflow(ctx, number, "", AlertsSignal, said).Get(ctx, nil)
	if err != nil {
		r.log.Warn("the incident that holds the key does not hear", "holder", number, "error", err)
	}
	return err == nil
}
