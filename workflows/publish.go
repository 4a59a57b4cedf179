package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// publisher names the publishing activities for the engine; it is never called.
var publisher *activities.Publisher

// ticketEvery is how long changes are gathered before the ticket shows them.
const ticketEvery = 30 * time.Second

// publish tells people and the tracker what they are owed, everything of one
// moment in one activity. Nothing of it ever delays a page.
func (r *response) publish(ctx workflow.Context) {
	var ticketAt time.Time
	for !r.leaving {
		at := time.Time{}
		if r.ticketStale() && !r.ticketing {
			at = ticketAt
			if at.IsZero() || r.inc.Ticket.ID == "" || r.inc.Phase.Over() {
				at = workflow.Now(ctx)
			}
		}
		wake := func() bool {
			return r.leaving || r.finished || r.owes() || (at.IsZero() && r.ticketStale() && !r.ticketing)
		}
		if r.until(ctx, at, "ticket", wake) != nil || r.leaving || r.finished {
			return
		}
		ticket := r.ticketStale() && !r.ticketing && !at.IsZero() && !workflow.Now(ctx).Before(at)
		if !ticket && !r.owes() {
			continue
		}
		if ticket {
			ticketAt = workflow.Now(ctx).Add(ticketEvery)
		}
		r.send(ctx, r.publication(ticket))
	}
}

// owes reports whether the outbox holds something that is not on its way.
func (r *response) owes() bool {
	if r.opening {
		return false
	}
	for _, n := range r.inc.Outbox.Notices {
		if !r.inFlight[n.Key] {
			return true
		}
	}
	for _, u := range r.inc.Outbox.Updates {
		if !r.inFlight[updateKey(u)] {
			return true
		}
	}
	return false
}

func updateKey(u incident.StatusUpdate) string { return fmt.Sprintf("update-%d", u.Ordinal) }

// ticketStale reports whether the policy wants a ticket that does not show
// what was recorded.
func (r *response) ticketStale() bool {
	wanted := r.inc.Response().Ticket || r.inc.Ticket.ID != ""
	return wanted && !r.state.NoTracker && !r.opening && !r.inc.Held && r.recorded > r.state.Ticketed
}

// ticketless reports whether a follow-up or the incident still lacks the
// ticket that it should have.
func (r *response) ticketless() bool {
	if r.state.NoTracker || !(r.inc.Response().Ticket || r.inc.Ticket.ID != "") {
		return false
	}
	return r.inc.Ticket.ID == "" || len(r.untracked()) > 0
}

// untracked lists the open follow-ups without a ticket.
func (r *response) untracked() []incident.FollowUp {
	var out []incident.FollowUp
	for _, f := range r.inc.FollowUps {
		if f.Ticket.ID == "" && f.State == incident.FollowUpOpen {
			out = append(out, f)
		}
	}
	return out
}

// publication gathers what is owed now, and marks it as on its way.
func (r *response) publication(ticket bool) activities.Publication {
	o := activities.Publication{
		Number: r.inc.Number, Title: r.inc.Title, Service: r.inc.Service, Severity: r.inc.Severity, Phase: r.inc.Phase,
	}
	for _, n := range r.inc.Outbox.Notices {
		if !r.inFlight[n.Key] {
			o.Notices = append(o.Notices, n)
			r.inFlight[n.Key] = true
		}
	}
	for _, u := range r.inc.Outbox.Updates {
		if !r.inFlight[updateKey(u)] {
			o.Updates = append(o.Updates, u)
			r.inFlight[updateKey(u)] = true
		}
	}
	if ticket {
		r.ticketing = true
		o.Ticket = &activities.TicketOrder{Revision: r.recorded, Ref: r.inc.Ticket, FollowUps: r.untracked()}
	}
	return o
}

// send runs one publication beside the others.
func (r *response) send(ctx workflow.Context, o activities.Publication) {
	workflow.GoNamed(ctx, "publication", func(ctx workflow.Context) {
		var made activities.Published
		err := workflow.ExecuteActivity(working(ctx, publicationSummary(o)), publisher.Publish, o).Get(ctx, &made)
		if o.Ticket != nil {
			r.ticketing = false
		}
		if err != nil {
			if !temporal.IsCanceledError(err) {
				r.inc.PublishFailed(activities.Known(err).Error(), workflow.Now(ctx))
			}
			if o.Ticket != nil {
				r.state.Ticketed = o.Ticket.Revision
			}
		}
		r.published(o, made)
	})
}

// published takes what was handed over out of the outbox.
func (r *response) published(o activities.Publication, made activities.Published) {
	r.inc.Outbox.Notices = slices.DeleteFunc(r.inc.Outbox.Notices, func(n incident.Notice) bool {
		return slices.ContainsFunc(o.Notices, func(d incident.Notice) bool { return d.Key == n.Key })
	})
	r.inc.Outbox.Updates = slices.DeleteFunc(r.inc.Outbox.Updates, func(u incident.StatusUpdate) bool {
		return slices.ContainsFunc(o.Updates, func(d incident.StatusUpdate) bool { return d.Ordinal == u.Ordinal })
	})
	if o.Ticket == nil {
		return
	}
	r.state.NoTracker = r.state.NoTracker || made.Untracked
	r.state.Ticketed = max(r.state.Ticketed, made.Revision)
	if made.Ticket.ID != "" {
		r.inc.Ticketed(made.Ticket, made.FollowUps)
		r.state.Ticketed = max(r.state.Ticketed, r.ticketNoise(made))
	}
}

// ticketNoise keeps the recording of a ticket's own key from being a reason to
// write to the ticket again.
func (r *response) ticketNoise(made activities.Published) int {
	if made.Revision+1 >= r.inc.Revision {
		return r.inc.Revision
	}
	return made.Revision
}

func publicationSummary(o activities.Publication) string {
	what := ""
	for _, part := range []struct {
		n    int
		name string
	}{{len(o.Notices), "notices"}, {len(o.Updates), "status updates"}} {
		if part.n > 0 {
			what += fmt.Sprintf("%d %s ", part.n, part.name)
		}
	}
	if o.Ticket != nil {
		what += "ticket " + o.Ticket.Ref.Key
	}
	return what
}

// pollEvery is how often the tracker is asked; its webhooks are quicker.
const pollEvery = 5 * time.Minute

// watchTickets waits for what the tracker says of follow-ups and of the
// incident's own ticket. Waiting costs no history: the activity is tried again
// and again.
func (r *response) watchTickets(ctx workflow.Context) {
	known := map[string]incident.TicketStatus{}
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || len(r.watched()) > 0 }) != nil || r.stopping() {
			return
		}
		watch := activities.TicketWatch{Refs: r.watched(), Every: pollEvery}
		for _, ref := range watch.Refs {
			if s, ok := known[ref.ID]; ok {
				watch.Known = append(watch.Known, s)
			}
		}
		for _, s := range r.readTickets(ctx, watch) {
			known[s.Ref.ID] = s
			r.inc.TicketSaid(s, workflow.Now(ctx))
		}
	}
}

// readTickets waits for news of tickets. A hint, or another set of tickets to
// watch, ends the wait so that it begins anew.
func (r *response) readTickets(ctx workflow.Context, watch activities.TicketWatch) []incident.TicketStatus {
	r.hinted = false
	waitCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	var said []incident.TicketStatus
	future := workflow.ExecuteActivity(working(waitCtx, "watch tickets"), publisher.AwaitTickets, watch)
	err := workflow.Await(ctx, func() bool {
		return future.IsReady() || r.hinted || r.stopping() || !slices.Equal(r.watched(), watch.Refs)
	})
	if err != nil || !future.IsReady() {
		return nil
	}
	if future.Get(ctx, &said) != nil {
		return nil
	}
	return said
}

// watched lists the tickets whose state matters: those of open follow-ups, and
// the incident's own until it closes.
func (r *response) watched() []incident.TicketRef {
	if r.inc.Ticket.ID == "" || r.inc.Phase.Over() {
		return nil
	}
	out := []incident.TicketRef{r.inc.Ticket}
	for _, f := range r.inc.FollowUps {
		if f.Ticket.ID != "" && f.State == incident.FollowUpOpen {
			out = append(out, f.Ticket)
		}
	}
	return out
}
