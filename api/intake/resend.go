package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Resend sends what was wanted before a time and is not marked as accepted,
// at most limit rows, the oldest first. It reports how many Temporal accepted
// and how many it did not; the error is of kind incident.Unavailable when the
// store cannot say what waits.
func (i *Intake) Resend(ctx context.Context, before time.Time, limit int) (sent, failed int, err error) {
	leave, err := i.enter()
	if err != nil {
		return 0, 0, err
	}
	defer leave()
	rows, err := patiently(ctx, i.limits.Patience, func(ctx context.Context) ([]store.Outbox, error) {
		return i.store.Waiting(ctx, before, limit)
	})
	if err != nil {
		return 0, 0, incident.Errorf(incident.Unavailable, "read what waits to be sent: %w", err)
	}
	errands := make([]*errand, 0, len(rows))
	for _, row := range rows {
		errands = append(errands, i.dispatch.send(newErrand(row)))
	}
	for _, e := range errands {
		if e.wait(ctx) != nil {
			failed++
			continue
		}
		sent++
	}
	i.metrics.resent.Add(float64(sent))
	return sent, failed, nil
}

// The rules of Tocsin's own alerts, as their names say.
const (
	workflowGone  = "IncidentWorkflowGone"
	workflowStuck = "IncidentWorkflowStuck"
)

// Inspect looks at an incident that has been silent. When its workflow is gone
// the catch-all service is paged, the row is marked and the key freed; it
// reports whether that was so. One that was never started is left to Resend.
// Errors are of kind incident.Unavailable: look again later.
func (i *Intake) Inspect(ctx context.Context, number string) (gone bool, err error) {
	_, running, err := i.engine.Describe(ctx, number)
	if running && err == nil {
		return false, nil
	}
	if err != nil && incident.KindOf(err) != incident.NotFound {
		return false, fmt.Errorf("describe %s: %w", number, err)
	}
	waiting, err := i.store.WaitingFor(ctx, number)
	if err != nil {
		return false, fmt.Errorf("read what waits for %s: %w", number, err)
	}
	if len(waiting) > 0 {
		return false, nil
	}
	const reason = "its workflow is gone"
	a := ownAlert(workflowGone, number, number+" was open and "+reason+": nobody is being paged for it")
	if err := i.alarm(ctx, a.Labels, []alerts.Alert{a}); err != nil {
		return false, err
	}
	if err := i.store.MarkGone(ctx, number, reason); err != nil {
		return false, fmt.Errorf("mark %s as gone: %w", number, err)
	}
	i.metrics.gone.Inc()
	i.log.Error("an open incident has no workflow: marked, and the catch-all service is paged", "incident", number)
	return true, nil
}

// ReportStuck pages the catch-all service about incidents whose workflows make
// no progress: all are alerts of one incident, and each is told once until that
// is over, however often it is called. Errors are of kind incident.Unavailable.
func (i *Intake) ReportStuck(ctx context.Context, numbers []string) error {
	i.log.Error("workflows of incidents make no progress", "incidents", numbers)
	key := map[string]string{"alertname": workflowStuck}
	list := make([]alerts.Alert, len(numbers))
	for n, number := range numbers {
		list[n] = ownAlert(workflowStuck, number, number+" is stuck: its workflow makes no progress")
	}
	return i.alarm(ctx, key, list)
}

// ownAlert is an alert of Tocsin's own about an incident.
func ownAlert(name, number, text string) alerts.Alert {
	labels := map[string]string{"alertname": name, "incident": number}
	return alerts.Alert{
		Source: string(incident.Tocsin), Status: alerts.Firing, Labels: labels,
		Annotations: map[string]string{summaryNote: text}, Fingerprint: alerts.Fingerprint(labels),
	}
}

// Report takes alerts of Tocsin's own in, by the way of every delivery. It may
// be repeated; errors are as of Take.
func (i *Intake) Report(ctx context.Context, list []alerts.Alert) error {
	_, err := i.Take(ctx, alerts.Delivery{Alerts: list})
	return err
}

// alarm brings alerts of Tocsin's own to one incident of the catch-all
// service, by the way of every alert.
func (i *Intake) alarm(ctx context.Context, key map[string]string, list []alerts.Alert) error {
	leave, err := i.enter()
	if err != nil {
		return err
	}
	defer leave()
	cat, err := i.catalogs.Current(ctx)
	if err != nil {
		return incident.Errorf(incident.Unavailable, "there is no catalog yet: %w", err)
	}
	service, _ := cat.Service(cat.Settings.CatchAll)
	_, err = i.place(ctx, &parcel{
		slot: slot{service.ID, alerts.Key(key)}, team: service.Team, title: titleOf(list),
		stormLimit: cat.Settings.Storm.Limit(), alerts: list, at: i.now(),
	})
	return err
}
