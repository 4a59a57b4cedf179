package workflows

import (
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// publisher names the publishing activities for the engine; it is never called.
var publisher *activities.Publisher

// publish tells people and the tracker what they are owed, everything of one
// moment in one activity. Nothing of it ever delays a page.
func (r *response) publish(ctx workflow.Context) {
	for !r.stopping() {
		at := r.ticketDue()
		wake := func() bool { return r.stopping() || r.owes() || !r.ticketDue().Equal(at) }
		if r.until(ctx, at, "bring the ticket up to date", wake) != nil || r.stopping() {
			return
		}
		at = r.ticketDue()
		ticket := !at.IsZero() && (r.owes() || !workflow.Now(ctx).Before(at)) // one activity for one moment
		if ticket || r.owes() {
			r.send(ctx, r.publication(ticket))
		}
	}
}

// owes reports whether the outbox holds something that is not on its way. While
// the store is quick it waits for the record, so that the ticket, which shows
// what is recorded, goes along.
func (r *response) owes() bool {
	if r.opening || (r.dirty() && !r.slow) {
		return false
	}
	return slices.ContainsFunc(r.inc.Outbox.Notices, func(n incident.Notice) bool { return !r.inFlight[n.Key] }) ||
		slices.ContainsFunc(r.inc.Outbox.Updates, func(u incident.StatusUpdate) bool { return !r.inFlight[activities.UpdateKey(u)] })
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
		if key := activities.UpdateKey(u); !r.inFlight[key] {
			o.Updates = append(o.Updates, u)
			r.inFlight[key] = true
		}
	}
	if ticket {
		o.Ticket = r.ticketOrder()
	}
	return o
}

// send runs one publication beside the others. What could not be made of it
// stays owed, and goes with the next one: a mail server that is away does not
// keep the ticket waiting.
func (r *response) send(ctx workflow.Context, o activities.Publication) {
	face := r.ticket.face
	workflow.GoNamed(ctx, "publication", func(ctx workflow.Context) {
		defer r.effect()()
		var made activities.Published
		err := workflow.ExecuteActivity(publishing(ctx, publicationSummary(o)), publisher.Publish, o).Get(ctx, &made)
		if err != nil {
			made.Failed = append(made.Failed, activities.Known(err).Error())
		}
		now := workflow.Now(ctx)
		for _, why := range made.Failed {
			r.inc.PublishFailed(why, now)
		}
		r.published(o, made)
		if o.Ticket != nil {
			r.ticketed(made, face, now)
		}
	})
}

// published takes what was handed over, or never can be, out of the outbox.
func (r *response) published(o activities.Publication, made activities.Published) {
	settled := map[string]bool{}
	for _, n := range o.Notices {
		delete(r.inFlight, n.Key)
		settled[n.Key] = !slices.Contains(made.Owed, n.Key)
	}
	for _, u := range o.Updates {
		key := activities.UpdateKey(u)
		delete(r.inFlight, key)
		settled[key] = !slices.Contains(made.Owed, key)
	}
	r.inc.Outbox.Notices = slices.DeleteFunc(r.inc.Outbox.Notices, func(n incident.Notice) bool { return settled[n.Key] })
	r.inc.Outbox.Updates = slices.DeleteFunc(r.inc.Outbox.Updates, func(u incident.StatusUpdate) bool { return settled[activities.UpdateKey(u)] })
}

func publicationSummary(o activities.Publication) string {
	var parts []string
	if n := len(o.Notices); n > 0 {
		parts = append(parts, counted(n, "notice"))
	}
	if n := len(o.Updates); n > 0 {
		parts = append(parts, counted(n, "status update"))
	}
	if o.Ticket != nil {
		parts = append(parts, strings.TrimSpace("ticket "+o.Ticket.Ref.Key))
	}
	return strings.Join(parts, ", ")
}

// counted names so many things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
