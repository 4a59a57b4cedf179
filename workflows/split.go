package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

const (
	// splitAgain is the pause after a split that could not be made.
	splitAgain = time.Minute
	// splitLate is for how long deliveries that were under way when a split was
	// recorded may still come here.
	splitLate = time.Minute
)

// split gives each split that a person asked for a coroutine of its own.
func (r *response) split(ctx workflow.Context) {
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || r.undivided() != nil }) != nil || r.stopping() {
			return
		}
		s := *r.undivided()
		r.attended[s.ID] = true
		workflow.GoNamed(ctx, s.ID, func(ctx workflow.Context) { r.divide(ctx, s) })
	}
}

func (r *response) undivided() *incident.Splitting {
	for n := range r.inc.Outbox.Splits {
		if s := &r.inc.Outbox.Splits[n]; !r.attended[s.ID] {
			return s
		}
	}
	return nil
}

// divide makes an incident of some alerts, has what they say find it, and
// passes on what came here meanwhile. Until the new incident runs nothing
// changes here: somebody is always paged for them.
func (r *response) divide(ctx workflow.Context, s incident.Splitting) {
	again := func(what string, err error) bool {
		r.log.Error("a split waits", "split", s.ID, "what", what, "error", err)
		over := func() bool { return r.stopping() || (s.Number == "" && r.inc.Phase.Over()) }
		return r.until(ctx, workflow.Now(ctx).Add(splitAgain), what, over) == nil && !r.stopping()
	}
	for s.Number == "" {
		if why := r.whyNotSplit(s); why != "" {
			r.inc.NotSplit(s.ID, why, workflow.Now(ctx))
			return
		}
		number, err := r.openSplit(ctx, s)
		if r.stopping() || (err != nil && !again("make an incident of "+s.ID, err)) {
			return
		}
		s.Number = number
	}
	for {
		err := r.moveSplit(ctx, s)
		if err == nil {
			break
		}
		if !again("record "+s.ID, err) {
			return
		}
	}
	over := func() bool { return r.stopping() || r.inc.Phase.Over() }
	if r.until(ctx, workflow.Now(ctx).Add(splitLate), "late deliveries of "+s.ID, over) == nil && !r.leaving {
		r.inc.Moved(s.ID)
	}
}

// whyNotSplit says why a split has no reason any more.
func (r *response) whyNotSplit(s incident.Splitting) string {
	firing := func(a incident.AlertState) bool { return a.Status == alerts.Firing }
	switch {
	case r.inc.Phase.Over():
		return "it is " + string(r.inc.Phase)
	case !slices.ContainsFunc(r.inc.SplitAlerts(s.ID), firing):
		return "its alerts have cleared"
	}
	return ""
}

func (r *response) splitOrder(s incident.Splitting) activities.SplitOrder {
	return activities.SplitOrder{
		From: r.inc.Number, ID: s.ID, Service: r.inc.Service, Team: r.inc.Team, Key: r.inc.Key,
		Title: s.Title, Alerts: s.Alerts, At: s.At, Number: s.Number,
	}
}

// openSplit starts the incident of a split, and returns its number, or "" when
// there is none yet.
func (r *response) openSplit(ctx workflow.Context, s incident.Splitting) (string, error) {
	defer r.effect()()
	var off activities.SplitOff
	take := workflow.ExecuteActivity(recording(ctx, "a number for "+s.ID), recorder.TakeSplit, r.splitOrder(s))
	if err := take.Get(ctx, &off); err != nil {
		return "", err
	}
	r.takeIn(ctx)
	if r.whyNotSplit(s) != "" || r.stopping() {
		return "", nil
	}
	given := r.inc.SplitAlerts(s.ID)
	next := r.splitOpening(ctx, s, off)
	state := NewState(next, alertsOf(given, off.Alerts), 0)
	state.Unlisted = r.state.Unlisted
	child := workflow.ExecuteChildWorkflow(r.sibling(ctx, next), Incident, state)
	if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil && !isAlreadyStarted(err) {
		return "", err
	}
	now := r.inc.SplitAlerts(s.ID)
	changed := slices.DeleteFunc(now, func(a incident.AlertState) bool { return slices.Contains(given, a) })
	r.astray(off.Number, alertsOf(changed, off.Alerts))
	r.inc.Divided(s.ID, off.Number, workflow.Now(ctx))
	return off.Number, nil
}

// splitOpening is the new incident: what it is worth its alerts say.
func (r *response) splitOpening(ctx workflow.Context, s incident.Splitting, off activities.SplitOff) *incident.Incident {
	policy := r.inc.Policy
	if off.Policy != nil {
		policy = *off.Policy
	}
	return incident.New(incident.Opening{
		Number: off.Number, Title: s.Title, Key: off.Key, SplitFrom: r.inc.Number, Drill: r.inc.Drill, Policy: policy,
		Urgency: catalog.NotPaged, Runbooks: r.inc.Runbooks, By: incident.Self(), Source: r.inc.Origin, At: workflow.Now(ctx),
	})
}

func (r *response) moveSplit(ctx workflow.Context, s incident.Splitting) error {
	defer r.effect()()
	return workflow.ExecuteActivity(recording(ctx, "record "+s.ID), recorder.MoveSplit, r.splitOrder(s)).Get(ctx, nil)
}

// alertsOf gives each alert, as it stands here, the labels that are known of
// it.
func alertsOf(states []incident.AlertState, known []alerts.Alert) []alerts.Alert {
	var out []alerts.Alert
	for _, s := range states {
		a := alerts.Alert{
			Labels: map[string]string{"alertname": s.Name}, Annotations: map[string]string{"summary": s.Summary},
		}
		n := slices.IndexFunc(known, func(k alerts.Alert) bool { return k.Fingerprint == s.Fingerprint })
		if n >= 0 {
			a = known[n]
		}
		a.Fingerprint, a.Status, a.StartsAt, a.EndsAt, a.Suppressed = s.Fingerprint, s.Status, s.StartsAt, s.EndsAt, s.Suppressed
		out = append(out, a)
	}
	return out
}

// stray is what came here and belongs to another incident: one that was split
// off, or the one that goes on with the alerts of this one.
type stray struct {
	To     string         `json:"to"`
	Alerts []alerts.Alert `json:"alerts"`
}

func (r *response) astray(to string, batch []alerts.Alert) {
	if len(batch) > 0 {
		r.state.Strays = append(r.state.Strays, stray{To: to, Alerts: batch})
	}
}

// sortStrays takes out of a delivery what belongs to incidents that were split
// off. Where another one goes on with the alerts of this one, it hears what
// ends; what fires is handed on as a recurrence.
func (r *response) sortStrays(batch []alerts.Alert) []alerts.Alert {
	if r.state.Into != "" {
		r.astray(r.state.Into, slices.DeleteFunc(slices.Clone(batch), func(a alerts.Alert) bool { return a.Status == alerts.Firing }))
	}
	for _, s := range r.inc.Outbox.Splits {
		if s.Number == "" {
			continue
		}
		theirs := func(a alerts.Alert) bool { return slices.Contains(s.Alerts, a.Fingerprint) }
		r.astray(s.Number, slices.DeleteFunc(slices.Clone(batch), func(a alerts.Alert) bool { return !theirs(a) }))
		batch = slices.DeleteFunc(slices.Clone(batch), theirs)
	}
	return batch
}

// passStrays passes on what belongs to other incidents. What those cannot hear
// any more is taken here.
func (r *response) passStrays(ctx workflow.Context) {
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || len(r.state.Strays) > 0 }) != nil || r.stopping() {
			return
		}
		first := r.state.Strays[0]
		if !r.signal(ctx, first.To, AlertsSignal, Alerts{Alerts: first.Alerts, PassedOn: true}) {
			r.inc.TakeAlerts(first.Alerts, r.inc.Counts.More, workflow.Now(ctx)) //workflowcheck:ignore
		}
		r.state.Strays = r.state.Strays[1:]
	}
}
