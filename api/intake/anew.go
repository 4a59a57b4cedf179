package intake

import (
	"context"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// overtaken brings the alerts to the incident that was opened while the store
// did not answer, though it had taken the claim: two incidents would page
// twice.
func (i *Intake) overtaken(ctx context.Context, e *errand, number string) error {
	i.log.Warn("an incident was opened while the store did not answer: its number is not used", "incident", number, "unused", e.Number)
	if !e.away {
		if err := i.release(ctx, e.Number, "opened as "+number); err != nil {
			return err
		}
	}
	e.Number, e.Started, e.away = number, true, true
	return i.signal(ctx, e)
}

// renumber takes the next number for an errand whose number belongs to
// another incident.
func (i *Intake) renumber(ctx context.Context, e *errand) error {
	e.tries++
	i.metrics.renumbered.Inc()
	old := e.Number
	if e.away {
		e.Number = awayNumber(slot{e.Service, e.Key}, e.Alerts, e.At, e.tries)
		return nil
	}
	number, err := patiently(ctx, i.limits.Patience, func(ctx context.Context) (string, error) {
		return i.store.Renumber(ctx, old)
	})
	if err != nil {
		return incident.Errorf(incident.Unavailable, "take another number than %s: %w", old, err)
	}
	e.Number = number
	i.keys.keep(slot{e.Service, e.Key}, holder{number: number, learnt: i.now()})
	i.log.Error("the number belongs to another incident: the database is older than Temporal", "incident", old, "now", number)
	return nil
}

// anew frees the key of an incident that cannot answer any more, and brings
// the alerts to another one in the same request.
func (i *Intake) anew(ctx context.Context, e *errand, reason string) error {
	e.tries++
	i.metrics.gone.Inc()
	i.log.Error("an incident held its key and cannot answer: its alerts open another", "incident", e.Number, "reason", reason)
	if e.tries >= maxNumbers {
		return incident.Errorf(incident.Unavailable, "%s cannot answer: send it again", e.Number)
	}
	i.keys.forget(slot{e.Service, e.Key}, e.Number)
	claimed, err := i.claimAnew(ctx, e, reason)
	switch {
	case err != nil && firingOf(e.Alerts) == 0 && e.declared == nil:
		// It needs no incident of its own; but another may carry it by now.
		return incident.Errorf(incident.Unavailable, "%s is over, and the store is away that knows who carries on what ends here: send it again", e.Number)
	case err != nil:
		e.Number, e.Started, e.away = awayNumber(slot{e.Service, e.Key}, e.Alerts, e.At, e.tries), false, true
		return i.start(ctx, e)
	case claimed.Number == "" && e.declared == nil:
		return nil // nothing of it still fires
	}
	e.take(claimed)
	return i.hand(ctx, e)
}

// take makes the errand one to the incident that was claimed.
func (e *errand) take(c store.Claimed) {
	e.Number, e.Started, e.Storm, e.Key, e.away = c.Number, c.Started, c.Storm, c.Key, false
	e.Recurs, e.Cleared = c.Recurs, c.Cleared
	if c.Outbox != 0 {
		e.ids = append(e.ids, c.Outbox)
	}
}

func (i *Intake) claimAnew(ctx context.Context, e *errand, reason string) (store.Claimed, error) {
	if i.circuit.open(i.now()) {
		return store.Claimed{}, errAway
	}
	if err := i.release(ctx, e.Number, reason); err != nil {
		return store.Claimed{}, err
	}
	claimed, err := i.claimNow(ctx, []store.Claim{{
		Service: e.Service, Team: e.Team, Key: e.Key, Title: e.Title, Alerts: e.Alerts, At: i.now(),
	}})
	if err != nil {
		return store.Claimed{}, err
	}
	return claimed[0], nil
}

// release frees the keys of a number, if the store knows it.
func (i *Intake) release(ctx context.Context, number, reason string) error {
	_, err := patiently(ctx, i.limits.StorePatience, nothing(func(ctx context.Context) error {
		return i.store.Release(ctx, number, reason)
	}))
	if err != nil && incident.KindOf(err) != incident.NotFound {
		return incident.Errorf(incident.Unavailable, "release %s: %w", number, err)
	}
	return nil
}
