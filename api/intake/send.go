package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// maxNumbers bounds how many numbers are tried for one incident. A restored
// database is behind by as many as it lost; each try moves it on by one, and
// the sender's next one goes on from there.
const maxNumbers = 20

// deliver brings one errand to Temporal.
func (i *Intake) deliver(e *errand) error {
	ctx, cancel := context.WithTimeout(context.Background(), i.limits.Patience)
	defer cancel()
	err := i.hand(ctx, e)
	if err != nil {
		i.log.Warn("Temporal has not accepted", "incident", e.Number, "error", err)
	}
	return err
}

// markSoon has rows marked, off the way of the answer. If the process ends
// before, they are sent again and the incident ignores them.
func (i *Intake) markSoon(ids []int64) {
	ctx, cancel := context.WithTimeout(context.Background(), i.limits.Patience)
	defer cancel()
	for _, id := range ids {
		if err := i.accepts.put(ctx, id); err != nil {
			i.dispatch.failed([]int64{id})
		}
	}
}

func (i *Intake) hand(ctx context.Context, e *errand) error {
	if i.missed(e) {
		return nil
	}
	if e.Started {
		return i.signal(ctx, e)
	}
	return i.start(ctx, e)
}

// start starts the incident of an errand. What was started before under its
// number is the same incident, which is signalled, or another one, whose
// number is left to it.
func (i *Intake) start(ctx context.Context, e *errand) error {
	if h, ok := i.keys.find(slot{e.Service, e.Key}); ok && h.away && h.number != e.Number {
		runs, err := i.runs(ctx, h)
		switch {
		case err != nil:
			return err
		case runs:
			return i.overtaken(ctx, e, h.number)
		}
		i.keys.forget(slot{e.Service, e.Key}, h.number)
	}
	for e.tries < maxNumbers {
		err := i.startOnce(ctx, e)
		if incident.KindOf(err) != incident.Conflict {
			return err
		}
		if incident.IsBeat(e.Number) {
			return i.signal(ctx, e)
		}
		identity, running, err := i.engine.Describe(ctx, e.Number)
		same := err == nil && identity == Identity(e.Service, e.Key) && !e.fresh
		switch {
		case err != nil && incident.KindOf(err) != incident.NotFound:
			return fmt.Errorf("describe %s: %w", e.Number, err)
		case same && (running || e.Key == ""):
			return i.signal(ctx, e)
		case same && !e.away:
			return i.anew(ctx, e, "it has finished")
		}
		if err := i.renumber(ctx, e); err != nil {
			return err
		}
	}
	return incident.Errorf(incident.Unavailable, "the numbers up to %s belong to other incidents: send it again", e.Number)
}

// startOnce tries one number; what is too large is tried without its alerts.
func (i *Intake) startOnce(ctx context.Context, e *errand) error {
	cat, err := i.catalogs.Current(ctx)
	if err != nil {
		return incident.Errorf(incident.Unavailable, "there is no catalog yet: %w", err)
	}
	send := func(p part) error {
		defer i.metrics.called("start", time.Now())
		eager, err := i.engine.Start(ctx, i.open(cat, e), p.alerts, p.more)
		if err == nil {
			i.metrics.started(eager)
		}
		i.doubt(e, err)
		return err
	}
	list := parts(e.Alerts, e.More)
	if err := i.fit(ctx, list[0], send); err != nil {
		return err
	}
	i.started(e)
	return i.signalParts(ctx, e, list[1:])
}

// started remembers that an incident runs, and one that the store has not
// heard of.
func (i *Intake) started(e *errand) {
	i.keys.begin(e.Number)
	if e.Started = true; e.away {
		i.metrics.away.Inc()
		i.keys.keep(slot{e.Service, e.Key}, holder{number: e.Number, learnt: i.now(), away: true})
	}
}

// doubt remembers an incident that the store has not heard of and that Temporal
// may have started all the same: what comes next for its key is for it.
func (i *Intake) doubt(e *errand, err error) {
	if e.away && incident.KindOf(err) == incident.Unavailable {
		i.keys.keep(slot{e.Service, e.Key}, holder{number: e.Number, learnt: i.now(), away: true, doubted: true})
	}
}

// runs reports whether the incident that holds a slot was started.
func (i *Intake) runs(ctx context.Context, h holder) (bool, error) {
	if !h.doubted {
		return true, nil
	}
	_, _, err := i.engine.Describe(ctx, h.number)
	if incident.KindOf(err) == incident.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("describe %s: %w", h.number, err)
	}
	return true, nil
}

// signal tells an incident what is wanted of it. What was declared tells it
// nothing that it does not know.
func (i *Intake) signal(ctx context.Context, e *errand) error {
	if e.declared != nil && len(e.Alerts) == 0 {
		return nil
	}
	return i.signalParts(ctx, e, parts(e.Alerts, e.More))
}

// signalParts tells an open incident; when it turns out to be gone its alerts
// open another.
func (i *Intake) signalParts(ctx context.Context, e *errand, list []part) error {
	for _, p := range list {
		err := i.fit(ctx, p, func(p part) error {
			defer i.metrics.called("signal", time.Now())
			return i.engine.Signal(ctx, e.Number, p.alerts, p.more)
		})
		if incident.KindOf(err) == incident.NotFound && incident.IsBeat(e.Number) {
			return nil
		}
		if incident.KindOf(err) == incident.NotFound {
			return i.anew(ctx, e, "its workflow is gone")
		}
		if err != nil {
			return fmt.Errorf("signal %s: %w", e.Number, err)
		}
		i.keys.begin(e.Number)
		i.metrics.signals.Inc()
	}
	return nil
}

// fit sends a part, within the number of calls that may run at once. When
// Temporal refuses its size it goes once more without its alerts: to be told
// how many there are is better than not to be told.
func (i *Intake) fit(ctx context.Context, p part, send func(part) error) error {
	select {
	case i.senders <- struct{}{}:
		defer func() { <-i.senders }()
	case <-ctx.Done():
		return incident.Errorf(incident.Unavailable, "too much is being sent: %w", ctx.Err())
	}
	err := send(p)
	if incident.KindOf(err) != incident.Invalid || len(p.alerts) == 0 {
		return err
	}
	i.log.Error("Temporal refused the size: the alerts are left out", "alerts", len(p.alerts), "error", err)
	return send(part{more: p.more + firingOf(p.alerts)})
}

// mark records what Temporal has accepted. When the store cannot, the sweeper
// sends it again and the incident ignores it.
func (i *Intake) mark(ids []int64) {
	_, err := patiently(context.Background(), i.limits.Patience, nothing(func(ctx context.Context) error {
		return i.store.Accept(ctx, ids)
	}))
	if err != nil {
		i.log.Warn("what Temporal accepted is not marked: it will be sent again", "rows", len(ids), "error", err)
		i.dispatch.failed(ids)
		return
	}
	i.dispatch.settled(ids, i.now())
}
