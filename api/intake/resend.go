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
	if err := i.alarm(ctx, workflowGone, number, number+" was open and "+reason+": nobody is being paged for it"); err != nil {
		return false, err
	}
	if err := i.store.MarkGone(ctx, number, reason); err != nil {
		return false, fmt.Errorf("mark %s as gone: %w", number, err)
	}
	i.metrics.gone.Inc()
	i.log.Error("an open incident has no workflow: marked, and the catch-all service is paged", "incident", number)
	return true, nil
}

// ReportStuck pages the catch-all service about an incident whose workflow
// makes no progress; once until that is over, however often it is called.
// Errors are of kind incident.Unavailable.
func (i *Intake) ReportStuck(ctx context.Context, number string) error {
	i.log.Error("the workflow of an incident makes no progress", "incident", number)
	return i.alarm(ctx, workflowStuck, number, number+" is stuck: its workflow makes no progress")
}

// alarm opens an incident of the catch-all service by the way of every alert.
func (i *Intake) alarm(ctx context.Context, name, number, text string) error {
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
	labels := map[string]string{"alertname": name, "incident": number}
	a := alerts.Alert{
		Source: "tocsin", Status: alerts.Firing, Labels: labels,
		Annotations: map[string]string{summaryNote: text}, Fingerprint: alerts.Fingerprint(labels),
	}
	_, err = i.place(ctx, &parcel{
		slot: slot{service.ID, alerts.Key(labels)}, team: service.Team, title: cut(text, maxTitle),
		stormLimit: cat.Settings.Storm.Limit(), alerts: []alerts.Alert{a}, at: i.now(),
	})
	return err
}
