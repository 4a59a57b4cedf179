package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// pager names the paging activities for the engine; it is never called.
var pager *activities.Pager

// page gives each summons a coroutine of its own, as soon as it appears.
func (r *response) page(ctx workflow.Context) {
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || r.unattended() != nil }) != nil {
			return
		}
		for s := r.unattended(); s != nil && !r.stopping(); s = r.unattended() {
			r.attended[s.ID] = true
			workflow.GoNamed(ctx, s.ID, func(ctx workflow.Context) { r.summon(ctx, s) })
		}
	}
}

func (r *response) unattended() *incident.Summons {
	for _, s := range r.inc.Summonses {
		if !r.attended[s.ID] {
			return s
		}
	}
	return nil
}

// summon walks the levels of one summons until it is answered. Its pages are
// stopped by the same code that owns its deadline.
func (r *response) summon(ctx workflow.Context, s *incident.Summons) {
	pageCtx, stop := workflow.WithCancel(ctx)
	for _, p := range slices.Clone(s.Pages) { // carried over from an earlier run
		r.deliver(pageCtx, s, p)
	}
	for s.Open() && !r.stopping() {
		if !s.Begun {
			r.beginLevel(ctx, pageCtx, s)
			continue // an empty level has moved on already
		}
		if !r.answeredBy(ctx, s) {
			break
		}
	}
	r.opened(ctx)
	if r.stopping() {
		return
	}
	stop()
	r.settleDone(s)
	delete(r.state.Known, s.ID)
	r.inc.Forget()
}

// answeredBy waits for the end of the present level and goes on to the next
// one. It reports false when the wait is over for good.
func (r *response) answeredBy(ctx workflow.Context, s *incident.Summons) bool {
	at := s.Due
	summary := fmt.Sprintf("%s unanswered by %s", r.inc.LevelName(s), at.UTC().Format(time.TimeOnly+" MST"))
	err := r.until(ctx, at, summary, func() bool {
		return !s.Open() || s.Hurry || r.stopping() || !s.Due.Equal(at) || slices.ContainsFunc(s.Pages, s.Done)
	})
	if err != nil {
		return false
	}
	r.takeIn(ctx)
	if !r.stopping() {
		r.settleDone(s)
	}
	overdue := !s.Due.IsZero() && !workflow.Now(ctx).Before(s.Due)
	if s.Open() && !r.stopping() && (s.Hurry || overdue) {
		r.inc.NextLevel(s, workflow.Now(ctx))
		r.settleEarlier(s)
	}
	return true
}

// beginLevel looks up whom the level pages and starts their pages.
func (r *response) beginLevel(ctx, pageCtx workflow.Context, s *incident.Summons) {
	roster := r.lookUp(ctx, s)
	if !s.Open() || r.stopping() {
		return
	}
	before := slices.Clone(s.Pages)
	r.inc.BeginLevel(s, roster, workflow.Now(ctx))
	for _, p := range slices.Clone(s.Pages) {
		if !slices.Contains(before, p) {
			r.deliver(pageCtx, s, p)
		}
	}
	if s.Begun {
		r.opened(ctx)
	}
}

// opened ends the opening once each page of the first moment has had its
// first result.
func (r *response) opened(ctx workflow.Context) {
	// The clock of a workflow moves on with each local activity.
	now := workflow.Now(ctx)
	for _, s := range r.inc.Summonses {
		for _, p := range s.Pages {
			if s.Open() && p.State == incident.PageDue && !p.Due.After(now) && !r.tried[p.Key] {
				return
			}
		}
	}
	r.opening = false
}

// settle keeps the last word on a page for the journal and forgets it.
func (r *response) settle(s *incident.Summons, p *incident.Page) {
	r.state.Settled = append(r.state.Settled, *p)
	if p.Rings && p.Reference != "" {
		r.ringing = append(r.ringing, activities.Ringing{Kind: p.Kind, Provider: p.Provider, Reference: p.Reference})
	}
	r.inc.Settle(s, p)
}

// settleEarlier forgets what earlier rounds handed over.
func (r *response) settleEarlier(s *incident.Summons) {
	round := fmt.Sprintf("/r%d/", s.Round)
	for _, p := range slices.Clone(s.Pages) {
		if p.State != incident.PageDue && !strings.Contains(p.Key, round) {
			r.settle(s, p)
		}
	}
}

// settleDone forgets what nobody need answer any more: all of a summons that is
// over, and where several must answer what those have who did. Pages that are
// in flight settle themselves.
func (r *response) settleDone(s *incident.Summons) {
	for _, p := range slices.Clone(s.Pages) {
		if s.Done(p) {
			r.settle(s, p)
		}
	}
}
