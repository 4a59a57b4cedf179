package activities

import (
	"context"
	"errors"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Reporter takes Tocsin's own alerts in, as those of any source.
type Reporter interface {
	// Report may be repeated: the same alert pages once.
	Report(ctx context.Context, list []alerts.Alert) error
}

// Pulse is what is known of one heartbeat.
type Pulse struct {
	ID string
	// Seen is when it was last heard; zero when it never was.
	Seen time.Time
	// Since is from when on it is waited for: when it was first watched, or
	// when we were back from an outage of our own.
	Since time.Time
	// Missed is since when it is missed; zero while it is not. Alert is what was
	// reported of it then, or may have been by a watch that died.
	Missed time.Time
	Alert  alerts.Alert
}

// last returns what the deadline counts from.
func (p Pulse) last() time.Time {
	if p.Seen.After(p.Since) {
		return p.Seen
	}
	return p.Since
}

// Pulses keeps what is known of heartbeats.
type Pulses interface {
	Pulses(ctx context.Context) ([]Pulse, error)
	// KeepPulse keeps all of a heartbeat but when it was seen.
	KeepPulse(ctx context.Context, p Pulse) error
	DropPulse(ctx context.Context, id string) error
	// LastWatch returns when NoteWatch was last called, zero when never.
	LastWatch(ctx context.Context) (time.Time, error)
	NoteWatch(ctx context.Context, at time.Time) error
}

// watchGap is how long nobody may have watched before that counts as an outage
// of our own: no heartbeat could be heard then, or none could be noted.
const watchGap = time.Minute

// heartbeats reports those that are missed, and those that are back. What
// cannot be reported keeps none of the others from being, and is no outage of
// our own: we have watched.
func (w *Watcher) heartbeats(ctx context.Context, out *Watched) error {
	c, err := w.Catalogs.Current(ctx)
	if err != nil {
		return err
	}
	known, err := w.known(ctx)
	if err != nil {
		return err
	}
	if err := w.await(ctx, c.Heartbeats, known); err != nil {
		return err
	}
	var failed []error
	for _, h := range c.Heartbeats {
		failed = append(failed, w.pulse(ctx, h, known[h.ID], out))
		delete(known, h.ID)
	}
	for _, p := range known {
		failed = append(failed, w.undeclared(ctx, p))
	}
	return errors.Join(failed...)
}

// await notes the watch. What was never heard is waited for since it was first
// looked for, and everything since now after an outage of our own.
func (w *Watcher) await(ctx context.Context, list []catalog.Heartbeat, known map[string]Pulse) error {
	last, err := w.Pulses.LastWatch(ctx)
	if err != nil {
		return err
	}
	now := w.now()
	for _, h := range list {
		p, ok := known[h.ID]
		if ok && now.Sub(last) <= watchGap {
			continue
		}
		p.ID, p.Since = h.ID, now
		if err := w.Pulses.KeepPulse(ctx, p); err != nil {
			return err
		}
		known[h.ID] = p
	}
	return w.Pulses.NoteWatch(ctx, now)
}

func (w *Watcher) known(ctx context.Context) (map[string]Pulse, error) {
	list, err := w.Pulses.Pulses(ctx)
	out := make(map[string]Pulse, len(list))
	for _, p := range list {
		out[p.ID] = p
	}
	return out, err
}

// told reports whether somebody may have been told that it is missed.
func (p Pulse) told() bool { return !p.Missed.IsZero() || p.Alert.Status != "" }

// pulse reports a change of one heartbeat. That it is missed is noted before it
// is taken in, and again after: of whoever dies between it is known what may
// have been reported, also when the heartbeat is back before it is reported
// again.
func (w *Watcher) pulse(ctx context.Context, h catalog.Heartbeat, p Pulse, out *Watched) error {
	now, deadline := w.now(), h.Deadline(p.last())
	switch {
	case p.Missed.IsZero() && !now.Before(deadline):
		p.Alert = h.Alert(alerts.Firing, deadline)
		if err := w.Pulses.KeepPulse(ctx, p); err != nil {
			return err
		}
		if err := w.Reporter.Report(ctx, []alerts.Alert{p.Alert}); err != nil {
			return err
		}
		p.Missed = deadline
		out.Missed++
	case p.told() && now.Before(h.Deadline(p.Seen)):
		if err := w.over(ctx, p); err != nil {
			return err
		}
		p.Missed, p.Alert = time.Time{}, alerts.Alert{}
	default:
		return nil
	}
	return w.Pulses.KeepPulse(ctx, p)
}

// over ends the alert that was reported, wherever the catalog would have it
// reported now.
func (w *Watcher) over(ctx context.Context, p Pulse) error {
	a := p.Alert
	a.Status, a.EndsAt = alerts.Resolved, w.now().UTC()
	return w.Reporter.Report(ctx, []alerts.Alert{a})
}

// undeclared ends what the catalog does not expect any more.
func (w *Watcher) undeclared(ctx context.Context, p Pulse) error {
	if p.told() {
		if err := w.over(ctx, p); err != nil {
			return err
		}
	}
	return w.Pulses.DropPulse(ctx, p.ID)
}
