package workflows

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// A first workflow task that is done again may have paged before its worker
// died, and what people did since waits for it. So it looks first whom the
// incident pages, then hears what waits, and then hands over what nobody has
// answered. Every later hand-over is an activity of its own, which the engine
// knows of.

// laidOut reports whether it is known whom the incident pages to begin with, or
// was not found out in time.
func (r *response) laidOut() bool {
	return !r.opening || !slices.ContainsFunc(r.inc.Summonses, func(s *incident.Summons) bool { return s.Open() && !s.Begun })
}

// whenLaidOut waits for it, for a command.
func (r *response) whenLaidOut(ctx workflow.Context) error {
	if r.laidOut() {
		return nil
	}
	r.early++
	defer func() { r.early-- }()
	steady, _ := workflow.NewDisconnectedContext(ctx)
	return workflow.Await(steady, r.laidOut)
}

// heard reports whether what waited for the first task was applied.
func (r *response) heard() bool { return r.laidOut() && r.early == 0 }

// lapse ends a page that lost its reason before it was handed over, as far as
// this task knows: a lost one may have, and whoever answered by it has it.
func (r *response) lapse(ctx workflow.Context, s *incident.Summons, p *incident.Page, opening bool) {
	had := p.Answered
	if opening && !p.Due.After(workflow.Now(ctx)) {
		had = r.recall(ctx, p)
	}
	if had.IsZero() {
		r.inc.Superseded(p)
		return
	}
	r.inc.HandedOver(s, p, had, workflow.Now(ctx))
}

// recall returns when a lost task had handed a page over, or the zero time.
func (r *response) recall(ctx workflow.Context, p *incident.Page) time.Time {
	defer r.effect()()
	steady, _ := workflow.NewDisconnectedContext(ctx)
	var before activities.Sent
	err := workflow.ExecuteLocalActivity(locally(steady, lookUpLimit, "was it handed over? "+pageSummary(p)), pager.Before, p.Key).Get(steady, &before)
	if err != nil {
		r.log.Warn("nobody knows whether a page was handed over before", "page", p.Key, "error", err)
	}
	if before.At.IsZero() {
		return p.Answered
	}
	p.Provider, p.Reference, p.Rings = before.Provider, before.Reference, before.Rings
	return before.At
}
