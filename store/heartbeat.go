package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

type pulseRow struct {
	ID     string `db:"id"`
	Seen   stamp  `db:"seen_at"`
	Since  stamp  `db:"since_at"`
	Missed stamp  `db:"missed_at"`
	Alert  string `db:"alert"`
}

func (r pulseRow) pulse() activities.Pulse {
	out := activities.Pulse{ID: r.ID, Seen: r.Seen.Time(), Since: r.Since.Time(), Missed: r.Missed.Time()}
	if r.Alert != "" {
		out.Alert, _ = unpack[alerts.Alert](r.Alert, "heartbeat", r.ID)
	}
	return out
}

// Beat notes that a heartbeat was heard.
func (s *Store) Beat(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, "note a heartbeat", `
		INSERT INTO heartbeats (id, seen_at, since_at) VALUES ($1, $2, $3)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, id, stampOf(at), stampOf(at))
	return err
}

// Pulses lists what is known of heartbeats, by their ids.
func (s *Store) Pulses(ctx context.Context) ([]activities.Pulse, error) {
	rows, err := list[pulseRow](ctx, s, `SELECT id, seen_at, since_at, missed_at, alert FROM heartbeats ORDER BY id`)
	return each(rows, pulseRow.pulse), failed(err, "list heartbeats")
}

// KeepPulse keeps since when a heartbeat is waited for, and since when it is
// missed, with the alert that says so or is about to. When it was heard is left
// to Beat.
func (s *Store) KeepPulse(ctx context.Context, p activities.Pulse) error {
	alert := ""
	if p.Alert.Status != "" {
		alert = encode(p.Alert)
	}
	_, err := s.exec(ctx, "keep a heartbeat", `
		INSERT INTO heartbeats (id, since_at, missed_at, alert) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET since_at = excluded.since_at, missed_at = excluded.missed_at, alert = excluded.alert`,
		p.ID, stampOf(p.Since), stampOf(p.Missed), alert)
	return err
}

// DropPulse forgets a heartbeat.
func (s *Store) DropPulse(ctx context.Context, id string) error {
	_, err := s.exec(ctx, "forget a heartbeat", `DELETE FROM heartbeats WHERE id = $1`, id)
	return err
}

// LastWatch returns when NoteWatch was last called, zero when never.
func (s *Store) LastWatch(ctx context.Context) (time.Time, error) {
	at, err := get[stamp](ctx, s, `SELECT at FROM watches WHERE id = 1`)
	err = failed(err, "read when somebody last watched")
	if incident.KindOf(err) == incident.NotFound {
		return time.Time{}, nil
	}
	return at.Time(), err
}

// NoteWatch notes that somebody has watched.
func (s *Store) NoteWatch(ctx context.Context, at time.Time) error {
	_, err := s.exec(ctx, "note a watch", `
		INSERT INTO watches (id, at) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET at = excluded.at`, stampOf(at))
	return err
}
