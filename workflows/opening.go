package workflows

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// A first workflow task that is done again may have paged before its worker
// died, and what people did since waits for it. So it looks first whom the
// incident pages, then hears what waits, and then hands over what nobody has
// answered. Every later hand-over is an activity of its own, which the engine
// knows of.

// laidOut reports whether it is known whom each summons of the opening pages,
// or was not found out in time.
func (r *response) laidOut() bool {
	return !r.opening || !slices.ContainsFunc(r.inc.Summonses, func(s *incident.Summons) bool { return s.Open() && !s.Begun })
}

// whenLaidOut waits for it, for a command.
func (r *response) whenLaidOut(ctx workflow.Context) error {
	if r.laidOut() {
		return nil
	}
	r.waiting++
	defer func() { r.waiting-- }()
	steady, _ := workflow.NewDisconnectedContext(ctx)
	return workflow.Await(steady, r.laidOut)
}

// heard reports whether the commands that waited for it were applied.
func (r *response) heard() bool { return r.laidOut() && r.waiting == 0 }

// hearFirst hears what waits before a page of the opening is handed over. When
// the page has no reason any more, it asks whether a lost task had handed it
// over: that belongs into the ledger, and whom it reached is told who answered.
func (r *response) hearFirst(ctx workflow.Context, s *incident.Summons, p *incident.Page) {
	steady, _ := workflow.NewDisconnectedContext(ctx)
	if workflow.Await(steady, func() bool { return r.heard() || !s.Wants(p) || r.stopping() }) != nil {
		return
	}
	if r.takeIn(ctx); s.Wants(p) || r.stopping() {
		return
	}
	defer r.effect()()
	var before activities.Sent
	err := workflow.ExecuteLocalActivity(locally(steady, pageLimit, "was it handed over? "+pageSummary(p)), pager.Before, p.Key).Get(steady, &before)
	if err != nil {
		r.log.Warn("nobody knows whether a page was handed over before", "page", p.Key, "error", err)
	}
	if before.At.IsZero() || p.State != incident.PageDue {
		return
	}
	p.Provider, p.Reference, p.Rings = before.Provider, before.Reference, before.Rings
	at := before.At
	if !p.Answered.IsZero() && at.After(p.Answered) {
		at = p.Answered // whoever answered by it had it by then
	}
	r.inc.HandedOver(s, p, at, workflow.Now(ctx))
}
