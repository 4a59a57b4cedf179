package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

func signals() []string {
	return []string{
		AcknowledgeSignal, AlertsSignal, runbook.ReportSignal, TicketSignal, PageFailedSignal, HandOffSignal,
		MergeSignal, MergedSignal, SuspectsSignal,
	}
}

// receive takes in signals as they come.
func (r *response) receive(ctx workflow.Context) {
	for _, name := range signals() {
		workflow.GoNamed(ctx, "signal "+name, func(ctx workflow.Context) {
			channel := workflow.GetSignalChannel(ctx, name)
			for !r.stopping() {
				if workflow.Await(ctx, func() bool { return channel.Len() > 0 && r.laidOut() || r.stopping() }) != nil || r.stopping() {
					return
				}
				r.takeIn(ctx)
			}
		})
	}
}

// takeIn applies every signal that waits, acknowledgements first; none before
// the people of the opening are looked up. Whoever acts on a deadline calls it
// before: what was tapped or reported while no worker ran comes before what
// became overdue meanwhile.
func (r *response) takeIn(ctx workflow.Context) {
	if !r.laidOut() {
		return
	}
	now := workflow.Now(ctx)
	drain(ctx, AcknowledgeSignal, func(c Command[incident.Acknowledge]) {
		if _, err := applyOnce(ctx, r, c, (*incident.Incident).Acknowledge); err != nil {
			r.log.Warn("a tap came too late", "by", c.By.ID, "why", err)
			r.inc.TooLate(c.Header, err.Error(), now)
		}
	})
	drain(ctx, AlertsSignal, func(a Alerts) { r.takeAlerts(a, now) })
	drain(ctx, runbook.ReportSignal, func(rep runbook.Report) {
		for _, one := range rep.All() {
			r.takeReport(one, now)
		}
	})
	r.takeMerges(ctx, now)
	drain(ctx, PageFailedSignal, func(f PageFailed) { r.inc.Undelivered(f.Key, f.Reason, now) })
	drain(ctx, SuspectsSignal, func(list []incident.Suspect) { r.inc.Suspect(list, now) })
	drain(ctx, TicketSignal, func(incident.TicketRef) { r.ticket.hinted = true })
	drain(ctx, HandOffSignal, func(h incident.HandOff) { r.inc.HandedOff(h, now) })
}

// drain hands over what waits in a signal channel, without waiting for more.
func drain[T any](ctx workflow.Context, name string, take func(T)) {
	channel := workflow.GetSignalChannel(ctx, name)
	for channel.Len() > 0 {
		var payload T
		if !channel.ReceiveAsync(&payload) {
			return
		}
		take(payload)
	}
}

// takeAlerts applies what monitoring says.
func (r *response) takeAlerts(a Alerts, now time.Time) {
	more := a.More
	if a.PassedOn {
		more = r.inc.Counts.More
	}
	r.inc.TakeAlerts(r.sortStrays(a.Alerts), more, now) //workflowcheck:ignore
	if r.unadopted() {
		r.keepAlerts(a.Alerts)
	}
}
