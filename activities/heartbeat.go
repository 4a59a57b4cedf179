package activities

import (
	"context"
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
	// Missed is since when it is missed; zero while it is not.
	Missed time.Time
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
	// KeepPulse keeps since when a heartbeat is waited for and missed.
	KeepPulse(ctx context.Context, p Pulse) error
	DropPulse(ctx context.Context, id string) error
	// LastWatch returns when NoteWatch was last called, zero when never.
	LastWatch(ctx context.Context) (time.Time, error)
	NoteWatch(ctx context.Context, at time.Time) error
}

// watchGap is how long nobody may have watched before that counts as an outage
// of our own: no heartbeat could be heard then, or none could be noted.
const watchGap = time.Minute

// heartbeats reports those that are missed, and those that are back. One that
// was never heard is waited for since it was first looked for.
func (w *Watcher) heartbeats(ctx context.Context, out *Watched) error {
	c, err := w.Catalogs.Current(ctx)
	if err != nil {
		return err
	}
	known, err := w.known(ctx)
	if err != nil {
		return err
	}
	now := w.now()
	last, err := w.Pulses.LastWatch(ctx)
	if err != nil {
		return err
	}
	outage := now.Sub(last) > watchGap
	for _, h := range c.Heartbeats {
		p, ok := known[h.ID]
		delete(known, h.ID)
		if !ok || outage {
			p.ID, p.Since = h.ID, now
			if err := w.Pulses.KeepPulse(ctx, p); err != nil {
				return err
			}
		}
		if err := w.pulse(ctx, h, p, out); err != nil {
			return err
		}
	}
	for _, p := range known {
		if err := w.undeclared(ctx, p); err != nil {
			return err
		}
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

// pulse reports a change of one heartbeat. It is noted after it was taken in:
// whoever dies between reports it again, and that pages nobody twice.
func (w *Watcher) pulse(ctx context.Context, h catalog.Heartbeat, p Pulse, out *Watched) error {
	deadline := h.Deadline(p.last())
	switch missed := !w.now().Before(deadline); {
	case missed && p.Missed.IsZero():
		out.Missed++
		p.Missed = deadline
		if err := w.Reporter.Report(ctx, []alerts.Alert{h.Alert(alerts.Firing, deadline)}); err != nil {
			return err
		}
	case !p.Missed.IsZero() && p.Seen.After(p.Missed) && !missed:
		if err := w.over(ctx, h, p); err != nil {
			return err
		}
		p.Missed = time.Time{}
	default:
		return nil
	}
	return w.Pulses.KeepPulse(ctx, p)
}

func (w *Watcher) over(ctx context.Context, h catalog.Heartbeat, p Pulse) error {
	a := h.Alert(alerts.Resolved, p.Missed)
	a.EndsAt = w.now().UTC()
	return w.Reporter.Report(ctx, []alerts.Alert{a})
}

// undeclared ends what the catalog does not expect any more.
func (w *Watcher) undeclared(ctx context.Context, p Pulse) error {
	if !p.Missed.IsZero() {
		if err := w.over(ctx, catalog.Heartbeat{ID: p.ID}, p); err != nil {
			return err
		}
	}
	return w.Pulses.DropPulse(ctx, p.ID)
}
