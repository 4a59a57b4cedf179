package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/alerts"
)

// kept is the last word of an alert. Told says that the incident which holds
// the key has heard it.
type kept struct {
	alerts.Alert
	Told bool `json:"told,omitempty"`
}

func (k kept) says(a alerts.Alert) bool { return k.Fact() == a.Fact() && k.Suppressed == a.Suppressed }

// keepAlerts keeps the last word of each alert that is carried here, as this
// delivery leaves it.
func (r *response) keepAlerts(batch []alerts.Alert) {
	before, known := r.state.Kept, slices.Clone(batch)
	for _, k := range before {
		known = append(known, k.Alert)
	}
	r.state.Kept = nil
	for _, a := range alertsOf(r.inc.Alerts, known) {
		told := slices.ContainsFunc(before, func(k kept) bool { return k.Told && k.says(a) })
		r.state.Kept = append(r.state.Kept, kept{Alert: a, Told: told})
	}
}

// untold returns what the incident that holds the key has not heard yet.
func (r *response) untold() []alerts.Alert {
	var out []alerts.Alert
	for _, k := range r.state.Kept {
		if !k.Told {
			out = append(out, k.Alert)
		}
	}
	return out
}

// passOnKept tells the incident that holds the key what it has not heard yet,
// and reports whether it could hear. Another one than before has heard nothing.
func (r *response) passOnKept(ctx workflow.Context, holder string) bool {
	if holder != r.state.Holder {
		for n := range r.state.Kept {
			r.state.Kept[n].Told = false
		}
	}
	batch := r.untold()
	if !r.passOn(ctx, holder, batch) {
		return false
	}
	r.state.Holder = holder
	for n, k := range r.state.Kept { // what has come meanwhile is untold
		if slices.ContainsFunc(batch, k.says) {
			r.state.Kept[n].Told = true
		}
	}
	return true
}
