package workflows

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// ticketing is how the ticket stands, in this run.
type ticketing struct {
	// face is what the ticket should show, of what is recorded.
	face string
	// sending says that an order is on its way, hinted that the tracker told
	// of a change.
	sending, hinted bool
}

// faced notes what the ticket is to show from now on.
func (r *response) faced(face string, now time.Time) {
	r.ticket.face = face
	switch {
	case face == r.state.Ticketed:
		r.state.Stale = time.Time{}
	case r.state.Stale.IsZero():
		r.state.Stale = now
	}
}

// face digests everything that a ticket shows, so that only a visible change
// is a reason to write to it.
func (r *response) face() string {
	i := r.inc
	digest := fnv.New64a()
	for _, part := range []string{
		i.Title, string(i.Severity), fmt.Sprint(i.Provisional), string(i.Phase), i.Service,
		cmp.Or(i.Roles[incident.Commander], i.Holder), i.Status, i.NextStep, fmt.Sprint(r.state.Highlight),
	} {
		_, _ = digest.Write([]byte(part + "\x00")) // never fails
	}
	for _, f := range i.FollowUps {
		_, _ = digest.Write([]byte(f.ID + f.Owner + string(f.State) + f.Title + "\x00")) // never fails
	}
	return fmt.Sprintf("%x", digest.Sum64())
}

// ticketEvery is how long changes are gathered before the ticket shows them.
const ticketEvery = 40 * time.Second

// ticketDue returns when the ticket is to be brought up to date, or the zero
// time: a new one, a follow-up's and the last words at once, the rest gathered.
func (r *response) ticketDue() time.Time {
	switch {
	case r.ticket.face == "" || r.state.Stale.IsZero() || r.ticket.sending || r.opening:
		return time.Time{}
	case r.inc.Held || r.state.NoTracker || !r.ticketWanted() || (r.inc.Phase.Over() && r.dirty()):
		return time.Time{}
	case r.inc.Ticket.ID == "" || len(r.untracked()) > 0 || r.inc.Phase.Over():
		return r.state.Stale
	}
	return r.state.Stale.Add(ticketEvery)
}

// ticketWanted reports whether the policy asks for a ticket. What ended before
// it had one gets none, unless it was a real incident.
func (r *response) ticketWanted() bool {
	real := !r.inc.Phase.Over() || r.in(incident.Closed)
	return r.inc.Ticket.ID != "" || (real && r.inc.TicketWanted())
}

func (r *response) ticketOrder() *activities.TicketOrder {
	o := &activities.TicketOrder{Revision: r.recorded, Ref: r.inc.Ticket, Again: r.state.Ordered}
	r.ticket.sending, r.state.Ordered = true, true
	o.FollowUps = r.untracked()
	return o
}

// untracked lists the open follow-ups that have no ticket yet.
func (r *response) untracked() []incident.FollowUp {
	var out []incident.FollowUp
	for _, f := range r.inc.FollowUps {
		if f.Ticket.ID == "" && f.State == incident.FollowUpOpen {
			out = append(out, f)
		}
	}
	return out
}

// ticketed applies what became of a ticket order. What can never be written
// counts as shown, until something else is to be shown.
func (r *response) ticketed(made activities.Published, face string, now time.Time) {
	r.ticket.sending = false
	r.state.NoTracker = r.state.NoTracker || made.Untracked
	r.inc.Track(!r.state.NoTracker)
	if made.Ticket.ID != "" {
		r.inc.Ticketed(made.Ticket, made.FollowUps)
	}
	r.ticket.hinted = r.ticket.hinted || made.Unheard
	if !slices.Contains(made.Owed, activities.TicketKey) {
		r.state.Ticketed, r.state.Ordered = face, false
	}
	r.state.Stale = time.Time{}
	r.faced(r.ticket.face, now)
}

// pollEvery is how often the tracker is asked; its webhooks are quicker.
const pollEvery = 5 * time.Minute

// pollFirst is how long it is before the tickets of an incident are asked for:
// once or twice pollEvery. Each incident has a time of its own, since those of
// a bad hour would all ask at once, and the pages of that hour wait behind
// them.
func (r *response) pollFirst() time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.inc.Number)) // a hash never fails
	return pollEvery + time.Duration(h.Sum32()%uint32(pollEvery/time.Second))*time.Second
}

// watchTickets waits for what the tracker says of follow-ups and of the
// incident's own ticket, from some time after they were made, or from the
// tracker's first hint. Waiting costs no history: the activity is tried again
// and again.
func (r *response) watchTickets(ctx workflow.Context) {
	known := map[string]incident.TicketStatus{}
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || len(r.watched()) > 0 }) != nil || r.stopping() {
			return
		}
		soon := func() bool { return r.stopping() || r.ticket.hinted }
		if r.until(ctx, workflow.Now(ctx).Add(r.pollFirst()), "read the tickets again", soon) != nil || r.stopping() {
			return
		}
		watch := activities.TicketWatch{Refs: r.watched(), Every: pollEvery}
		if len(watch.Refs) == 0 {
			continue
		}
		for _, ref := range watch.Refs {
			if s, ok := known[ref.ID]; ok {
				watch.Known = append(watch.Known, s)
			}
		}
		said, err := r.readTickets(ctx, watch)
		for _, s := range said {
			known[s.Ref.ID] = s
			r.inc.TicketSaid(s, workflow.Now(ctx))
		}
		if err != nil {
			r.log.Warn("tickets cannot be read; trying again later", "error", err)
		}
	}
}

// readTickets waits for news of tickets. A hint, or another set of tickets to
// watch, ends the wait so that it begins anew.
func (r *response) readTickets(ctx workflow.Context, watch activities.TicketWatch) ([]incident.TicketStatus, error) {
	r.ticket.hinted = false
	waitCtx, stop := workflow.WithCancel(ctx)
	defer stop()
	future := workflow.ExecuteActivity(working(waitCtx, "watch tickets"), publisher.AwaitTickets, watch)
	err := workflow.Await(ctx, func() bool {
		return future.IsReady() || r.ticket.hinted || r.stopping() || !slices.Equal(r.watched(), watch.Refs)
	})
	if err != nil || !future.IsReady() {
		return nil, err
	}
	var said []incident.TicketStatus
	err = future.Get(ctx, &said)
	return said, err
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
