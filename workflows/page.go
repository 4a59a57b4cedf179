package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// deliver hands one page over when it is due, unless its reason goes away
// first. Each page has a coroutine and a deadline of its own: a channel that
// hangs delays no other.
func (r *response) deliver(ctx workflow.Context, s *incident.Summons, p *incident.Page) {
	if p.State != incident.PageDue {
		return
	}
	opening := r.opening
	workflow.GoNamed(ctx, p.Key, func(ctx workflow.Context) {
		if opening {
			r.hearFirst(ctx, s, p)
		}
		if r.untilDue(ctx, s, p) != nil || r.stopping() {
			return
		}
		if r.takeIn(ctx); s.Wants(p) {
			r.inc.Supersede(s, p, workflow.Now(ctx))
			r.handOver(ctx, s, p)
		}
		if p.State == incident.PageDue && !r.stopping() {
			r.lapse(s, p, workflow.Now(ctx))
		}
		r.opened(ctx)
		if s.Done(p) && !r.stopping() {
			r.settle(s, p)
		}
	})
}

// lapse ends a page that lost its reason before it was handed over; whoever
// used its link has it all the same.
func (r *response) lapse(s *incident.Summons, p *incident.Page, now time.Time) {
	if p.Answered.IsZero() {
		r.inc.Superseded(p)
		return
	}
	r.inc.HandedOver(s, p, p.Answered, now)
}

// untilDue waits until a page is due, which may come to be earlier, or has no
// reason any more.
func (r *response) untilDue(ctx workflow.Context, s *incident.Summons, p *incident.Page) error {
	for {
		due := p.Due
		moved := func() bool { return !s.Wants(p) || r.stopping() || !p.Due.Equal(due) }
		if err := r.until(ctx, due, "page "+p.Person+" by "+p.Kind, moved); err != nil || p.Due.Equal(due) {
			return err
		}
	}
}

// handOver tries once, so that the level's timeout can start, and then again
// and again.
func (r *response) handOver(ctx workflow.Context, s *incident.Summons, p *incident.Page) {
	defer r.effect()()
	sent, err := r.tryOnce(ctx, s, p)
	if wanted := s.Wants(p) && !r.stopping(); wanted && (sent.Later || retryable(err)) {
		if sent.Later {
			r.inc.GoesWithOthers(s, p, workflow.Now(ctx).Add(activities.BundleWait))
		} else {
			r.inc.FirstTryFailed(s, p, workflow.Now(ctx))
		}
		sent, err = r.tryOn(ctx, s, p)
	}
	now := workflow.Now(ctx)
	switch {
	case err == nil && !sent.Later:
		p.Provider, p.Reference, p.Rings = sent.Provider, sent.Reference, sent.Rings
		r.inc.HandedOver(s, p, sent.At, now)
	case err == nil, r.stopping(), p.State == incident.PageSuperseded:
	case !p.Answered.IsZero() && !s.Wants(p):
		r.inc.HandedOver(s, p, p.Answered, now)
	case temporal.IsCanceledError(err), retryable(err) && !s.Wants(p):
		r.inc.Overtaken(p, now) // whoever did not answer may have taken it
	default:
		r.inc.Failed(s, p, activities.Known(err).Error(), now)
	}
}

// tryOn tries for as long as the page has a reason: an outage of its channel
// loses nothing that still matters when it ends.
func (r *response) tryOn(ctx workflow.Context, s *incident.Summons, p *incident.Page) (activities.Sent, error) {
	ctx, giveUp := workflow.WithCancel(ctx)
	order := r.order(s, p)
	order.Patient = true
	answer := workflow.ExecuteActivity(paging(ctx, s.Urgency, pageSummary(p)), pager.Page, order)
	_ = workflow.Await(ctx, func() bool { return answer.IsReady() || !s.Wants(p) }) // cancelled, it is ready too
	if !answer.IsReady() {
		giveUp()
	}
	var sent activities.Sent
	err := answer.Get(ctx, &sent)
	return sent, err
}

// tryOnce hands over within the first workflow task of the incident, and by a
// regular activity later.
func (r *response) tryOnce(ctx workflow.Context, s *incident.Summons, p *incident.Page) (activities.Sent, error) {
	r.trying++
	defer func() { r.trying-- }()
	var sent activities.Sent
	if !r.opening {
		err := workflow.ExecuteActivity(pagingOnce(ctx, s.Urgency, pageSummary(p)), pager.Page, r.order(s, p)).Get(ctx, &sent)
		return sent, err
	}
	err := workflow.ExecuteLocalActivity(locally(ctx, pageLimit, pageSummary(p)), pager.Page, r.order(s, p)).Get(ctx, &sent)
	r.tried[p.Key] = true
	r.opened(ctx)
	return sent, err
}

func retryable(err error) bool {
	if err == nil {
		return false
	}
	switch incident.KindOf(activities.Known(err)) {
	case incident.Permanent, incident.Invalid, incident.NotFound, incident.Forbidden, incident.Conflict, incident.Refused:
		return false
	}
	return !temporal.IsCanceledError(err)
}

func pageSummary(p *incident.Page) string {
	return fmt.Sprintf("page %s by %s: %s", p.Person, p.Kind, p.Summons)
}

func (r *response) order(s *incident.Summons, p *incident.Page) activities.PageOrder {
	o := activities.PageOrder{
		Key: p.Key, Incident: r.inc.Number, Person: p.Person, Contact: p.Contact, Title: r.inc.Title,
		Why: s.Why, Reason: p.Reason, Service: r.inc.Service, Severity: string(r.inc.Severity),
		Urgency: s.Urgency, Due: p.Due, Answerable: s.Kind != incident.ForQuestion && !strings.HasPrefix(p.Person, incident.WebhookPrefix),
	}
	for _, other := range s.Present {
		if other != p.Person {
			o.Also = append(o.Also, other)
		}
	}
	if q, ok := r.inc.Question(s); ok {
		o.Answer, o.Calls = r.inc.HowToAnswer(q), q.FirstCall()
		return o
	}
	if len(r.inc.Suspects) > 0 {
		o.Suspect = r.inc.Suspects[0].String()
	}
	for _, b := range r.inc.Runbooks {
		o.Runbooks = append(o.Runbooks, b.Name)
	}
	return o
}
