package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
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

// summon walks the levels of one summons until it is answered.
func (r *response) summon(ctx workflow.Context, s *incident.Summons) {
	pageCtx, stop := workflow.WithCancel(ctx)
	for _, p := range slices.Clone(s.Pages) { // carried over from an earlier run
		r.deliver(pageCtx, s, p)
	}
	for s.Open() && !r.leaving {
		if !s.Begun {
			r.beginLevel(ctx, pageCtx, s)
			continue // an empty level has moved on already
		}
		at := s.Due
		if r.until(ctx, at, r.levelSummary(s), func() bool {
			return !s.Open() || s.Hurry || r.leaving || !s.Due.Equal(at)
		}) != nil {
			break
		}
		r.takeIn(ctx)
		overdue := !s.Due.IsZero() && !workflow.Now(ctx).Before(s.Due)
		if s.Open() && !r.leaving && (s.Hurry || overdue) {
			r.inc.NextLevel(s, workflow.Now(ctx))
			r.settleEarlier(s)
		}
	}
	if !r.leaving {
		stop()
	}
	r.settleAll(s)
}

func (r *response) levelSummary(s *incident.Summons) string {
	return fmt.Sprintf("%s: level %d unanswered by %s", s.ID, s.Level+1, s.Due.UTC().Format(time.TimeOnly+" MST"))
}

// beginLevel looks up whom the level pages and starts their pages.
func (r *response) beginLevel(ctx, pageCtx workflow.Context, s *incident.Summons) {
	people := r.lookUp(ctx, s)
	if !s.Open() || r.leaving {
		return
	}
	var reach []incident.Reach
	for _, person := range people {
		for _, c := range person.Contacts {
			reach = append(reach, incident.Reach{
				Person: person.Person, Reason: person.Reason, Contact: c.ID, Kind: c.Kind, After: c.After,
			})
		}
	}
	before := slices.Clone(s.Pages)
	r.inc.BeginLevel(s, reach, workflow.Now(ctx))
	if !slices.ContainsFunc(reach, func(c incident.Reach) bool { return c.After == 0 }) {
		r.opening = false // no page leaves within this task
	}
	for _, p := range slices.Clone(s.Pages) {
		if !slices.Contains(before, p) {
			r.deliver(pageCtx, s, p)
		}
	}
}

// lookUp asks who is on call now. The first time it asks for every level, and
// keeps the answers: a look-up that fails uses the last good one and never
// counts as nobody.
func (r *response) lookUp(ctx workflow.Context, s *incident.Summons) []activities.Recipient {
	now := activities.LookUp{Urgency: s.Urgency, At: workflow.Now(ctx), Levels: []activities.Level{
		{Targets: r.inc.Targets(s), EveryMethod: r.inc.AtLastResort(s)},
	}}
	known, again := r.state.Known[s.ID]
	if !again {
		now.Levels = r.allLevels(s)
	}
	var found [][]activities.Recipient
	err := workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit), pager.WhoIsOnCall, now).Get(ctx, &found)
	switch {
	case err == nil && !again:
		r.state.Known[s.ID] = found
		return found[s.Level]
	case err == nil:
		return found[0]
	case again && s.Level < len(known):
		r.inc.LookUpFailed(s, workflow.Now(ctx))
		return known[s.Level]
	}
	r.opening = false // nobody is known yet: go on beside the others
	err = workflow.ExecuteActivity(paging(ctx, "who is on call for "+s.ID), pager.WhoIsOnCall, now).Get(ctx, &found)
	if err != nil || len(found) <= s.Level {
		return nil
	}
	r.state.Known[s.ID] = found
	return found[s.Level]
}

// allLevels lists the levels of a summons, and the last resort behind them.
func (r *response) allLevels(s *incident.Summons) []activities.Level {
	var out []activities.Level
	probe := *s
	for probe.Level = 0; probe.Level <= len(s.Levels); probe.Level++ {
		out = append(out, activities.Level{Targets: r.inc.Targets(&probe), EveryMethod: r.inc.AtLastResort(&probe)})
	}
	return out
}

// deliver hands one page over when it is due, unless its reason goes away
// first. Each page has a coroutine and a deadline of its own: a channel that
// hangs delays no other.
func (r *response) deliver(ctx workflow.Context, s *incident.Summons, p *incident.Page) {
	workflow.GoNamed(ctx, p.Key, func(ctx workflow.Context) {
		if p.State != incident.PageDue {
			return
		}
		if r.until(ctx, p.Due, "page "+p.Person+" by "+p.Kind, func() bool { return !s.Open() || r.leaving }) != nil || r.leaving {
			return
		}
		r.takeIn(ctx)
		if !s.Open() {
			r.inc.Superseded(p)
			r.settle(s, p)
			return
		}
		r.handOver(ctx, s, p)
		r.opening = false
		if !s.Open() {
			r.settle(s, p)
		}
	})
}

// handOver tries once, so that the level's timeout can start, and then again
// and again.
func (r *response) handOver(ctx workflow.Context, s *incident.Summons, p *incident.Page) {
	sent, err := r.tryOnce(ctx, s, p)
	if err != nil && retryable(err) && s.Open() {
		r.inc.FirstTryFailed(s, p, workflow.Now(ctx))
		r.opening = false
		err = workflow.ExecuteActivity(paging(ctx, r.pageSummary(s, p)), pager.Page, r.order(s, p)).Get(ctx, &sent)
	}
	now := workflow.Now(ctx)
	switch {
	case err == nil:
		r.inc.HandedOver(s, p, sent.At, now)
	case temporal.IsCanceledError(err) && r.leaving:
	case temporal.IsCanceledError(err):
		r.inc.Overtaken(p, now)
	default:
		r.inc.Failed(s, p, activities.Known(err).Error(), now)
	}
}

// tryOnce hands over within the first workflow task of the incident, and by a
// regular activity later.
func (r *response) tryOnce(ctx workflow.Context, s *incident.Summons, p *incident.Page) (activities.Sent, error) {
	var sent activities.Sent
	if r.opening {
		err := workflow.ExecuteLocalActivity(locally(ctx, pageLimit), pager.Page, r.order(s, p)).Get(ctx, &sent)
		return sent, err
	}
	err := workflow.ExecuteActivity(pagingOnce(ctx, r.pageSummary(s, p)), pager.Page, r.order(s, p)).Get(ctx, &sent)
	return sent, err
}

func retryable(err error) bool {
	switch incident.KindOf(activities.Known(err)) {
	case incident.Permanent, incident.Invalid, incident.NotFound, incident.Forbidden:
		return false
	}
	return !temporal.IsCanceledError(err)
}

func (r *response) pageSummary(s *incident.Summons, p *incident.Page) string {
	return fmt.Sprintf("page %s by %s: %s", p.Person, p.Kind, s.ID)
}

func (r *response) order(s *incident.Summons, p *incident.Page) activities.PageOrder {
	o := activities.PageOrder{
		Key: p.Key, Incident: r.inc.Number, Person: p.Person, Contact: p.Contact, Title: r.inc.Title,
		Why: s.Why, Reason: p.Reason, Service: r.inc.Service, Severity: string(r.inc.Severity),
		Urgency: s.Urgency, Due: p.Due, Answerable: true,
	}
	for _, other := range s.Present {
		if other != p.Person {
			o.Also = append(o.Also, other)
		}
	}
	for _, b := range r.inc.Runbooks {
		o.Runbooks = append(o.Runbooks, b.Name)
	}
	return o
}

// settle keeps the last word on a page for the journal and forgets it.
func (r *response) settle(s *incident.Summons, p *incident.Page) {
	r.state.Settled = append(r.state.Settled, *p)
	r.inc.Settle(s, p)
	if !s.Open() && len(s.Pages) == 0 {
		delete(r.state.Known, s.ID)
	}
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

// settleAll forgets what was settled of a summons that is over. Pages that are
// in flight settle themselves.
func (r *response) settleAll(s *incident.Summons) {
	if s.Open() {
		return
	}
	for _, p := range slices.Clone(s.Pages) {
		if p.State != incident.PageDue {
			r.settle(s, p)
		}
	}
	r.inc.Forget()
}
