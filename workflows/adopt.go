package workflows

import (
	"cmp"
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
	ready := func() bool {
		return r.stopping() || r.inc.Phase.Over() || r.recorded > 0 || r.state.Holder != ""
	}
	for r.unadopted() {
		if workflow.Await(ctx, ready) != nil || r.stopping() {
			return
		}
		if r.inc.Phase.Over() {
			r.endAdoption()
			return
		}
		if r.stay(ctx) || r.settleKey(ctx) {
			continue
		}
		over := func() bool { return r.stopping() || r.inc.Phase.Over() }
		if r.until(ctx, workflow.Now(ctx).Add(adoptAgain), "settle the key", over) != nil {
			return
		}
	}
}

// endAdoption says that it is settled whose the key is. Another incident that was
// told what fires here hears the rest, and goes on with it.
func (r *response) endAdoption() {
	if r.state.Holder != "" {
		r.astray(r.state.Holder, r.untold())
		r.state.Into = cmp.Or(r.state.Into, r.state.Holder)
	}
	r.state.Adopted, r.state.Kept = true, nil
}

// stay waits until an incident that is to become a part of another one leaves
// nothing behind, and tells that one at once what is heard meanwhile. It reports
// false when somebody has to look who holds the key.
func (r *response) stay(ctx workflow.Context) bool {
	why := r.inc.MustStay()
	if r.state.Holder == "" || why == "" {
		return false
	}
	if why != r.state.Stays {
		r.state.Stays = why
		r.inc.Stays(r.state.Holder, workflow.Now(ctx))
	}
	_ = workflow.Await(ctx, func() bool {
		return r.stopping() || r.inc.MustStay() == "" || len(r.untold()) > 0
	}) // the caller looks
	return r.stopping() || r.inc.MustStay() == "" || r.passOnKept(ctx, r.state.Holder)
}

// settleKey looks who holds the key. It reports false when that has to be tried
// again.
func (r *response) settleKey(ctx workflow.Context) bool {
	holder, err := r.claimKey(ctx)
	switch {
	case err != nil:
		r.log.Warn("the key is not settled; trying again", "error", err)
		return false
	case r.inc.Phase.Over(): // the caller looks
	case holder == r.inc.Number:
		r.state.Holder = ""
		r.endAdoption()
	case r.inc.Outbox.Merge != nil:
		r.log.Info("a person merges it into another incident: the key waits for that", "holder", holder)
		return false
	case !r.passOnKept(ctx, holder):
		return false
	case r.inc.MustStay() == "" && !r.inc.Phase.Over():
		r.state.Into = holder
		r.endAdoption()
		r.inc.Merge(holder, workflow.Now(ctx))
	}
	return true
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

// passOn tells another incident of alerts, and reports whether it could hear. One
// that heard them before only says that.
func (r *response) passOn(ctx workflow.Context, number string, batch []alerts.Alert) bool {
	defer r.effect()()
	said := Alerts{Alerts: batch, More: r.inc.Counts.More, PassedOn: len(batch) == 0 || number == r.state.Holder}
	err := workflow.SignalExternalWorkflow(ctx, number, "", AlertsSignal, said).Get(ctx, nil)
	if err != nil {
		r.log.Warn("the incident that holds the key does not hear", "holder", number, "error", err)
	}
	return err == nil
}
