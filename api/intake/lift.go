package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// Lift takes in again what fires and was kept from paging by a silence that
// does not hold any more, at most limit alerts, and returns how many. It goes
// by what is so now and not by an event: whoever dies on the way leaves it to
// the next call, and calling it twice pages once. The error is of kind
// incident.Unavailable when the store or Temporal does not answer.
func (i *Intake) Lift(ctx context.Context, limit int) (int, error) {
	silences, err := patiently(ctx, i.limits.Patience, i.store.Suppressing)
	if err != nil {
		return 0, incident.Errorf(incident.Unavailable, "read what is silenced: %w", err)
	}
	lifted := 0
	var failed []error
	for _, s := range silences {
		if lifted >= limit || s.Active(i.now()) {
			continue
		}
		n, err := i.lift(ctx, s.ID, limit-lifted)
		lifted, failed = lifted+n, append(failed, err) // the others go on
	}
	return lifted, errors.Join(failed...)
}

// lift takes in again what one silence kept from paging. Another silence may
// keep it so, and this one too, as long as this process does not know of its
// end.
func (i *Intake) lift(ctx context.Context, silence string, limit int) (int, error) {
	at := i.now()
	list, err := patiently(ctx, i.limits.Patience, func(ctx context.Context) ([]alerts.Alert, error) {
		return i.store.SuppressedBy(ctx, silence, limit)
	})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	prints := make([]string, len(list))
	for n := range list {
		prints[n] = list[n].Fingerprint
		list[n].Suppressed, list[n].Urgency, list[n].Severity = "", "", ""
	}
	if _, err := i.Take(ctx, alerts.Delivery{Alerts: list}); err != nil {
		return 0, fmt.Errorf("take in what silence %s has left: %w", silence, err)
	}
	i.log.Info("a silence is over: what it kept from paging was taken in again", "silence", silence, "alerts", len(list))
	// Where the catalog routes them elsewhere now, nobody asks for the old
	// place any more.
	return len(list), i.forget(ctx, silence, prints, at)
}

func (i *Intake) forget(ctx context.Context, silence string, fingerprints []string, before time.Time) error {
	_, err := patiently(ctx, i.limits.Patience, nothing(func(ctx context.Context) error {
		return i.store.Unsuppress(ctx, silence, fingerprints, before)
	}))
	return err
}
