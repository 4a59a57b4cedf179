package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
)

// Outbox is something that an incident must hear and that Temporal is not
// known to have accepted.
type Outbox struct {
	ID      int64
	Number  string
	Service string
	Team    string
	Key     string
	Title   string
	Storm   bool
	Recurs  string
	// Cleared is as in Claimed.
	Cleared int
	// Started says that Temporal accepted the start of this incident.
	Started bool
	Alerts  []alerts.Alert
	More    int
	At      time.Time
}

type outboxRow struct {
	ID      int64  `db:"id"`
	Number  string `db:"number"`
	Alerts  string `db:"alerts"`
	More    int    `db:"more"`
	At      stamp  `db:"at"`
	Service string `db:"service"`
	Team    string `db:"team"`
	Key     string `db:"key"`
	Title   string `db:"title"`
	Storm   int    `db:"storm"`
	Recurs  string `db:"recurs"`
	Cleared int    `db:"cleared"`
	Started stamp  `db:"started_at"`
}

func (r outboxRow) outbox() (Outbox, error) {
	out := Outbox{
		ID: r.ID, Number: r.Number, Service: r.Service, Team: r.Team, Key: r.Key, Title: r.Title,
		Storm: r.Storm != 0, Recurs: r.Recurs, Cleared: r.Cleared, Started: !r.Started.Time().IsZero(), More: r.More, At: r.At.Time(),
	}
	if err := json.Unmarshal([]byte(r.Alerts), &out.Alerts); err != nil {
		return Outbox{}, failed(err, "read what is wanted of "+r.Number)
	}
	return out, nil
}

// Accept notes that Temporal accepted what these rows want, and with it the
// start of their incidents. Rows that are accepted already stay so. Their
// alerts are dropped: Alerts has the last word of each.
func (s *Store) Accept(ctx context.Context, outbox []int64) error {
	if len(outbox) == 0 {
		return nil
	}
	return s.write(ctx, "mark as accepted", func(tx *sqlx.Tx) error {
		args := []any{stampOf(time.Now())}
		for _, id := range outbox {
			args = append(args, id)
		}
		_, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE outbox SET accepted_at = ?, alerts = '[]'
			WHERE accepted_at IS NULL AND id IN `+tuples(1, len(outbox))), args...)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`
			UPDATE claims SET started_at = ? WHERE started_at IS NULL
			AND number IN (SELECT number FROM outbox WHERE id IN `+tuples(1, len(outbox))+`)`), args...)
		return err
	})
}

// Waiting lists what has been wanted since before olderThan and is not
// accepted, in the order in which it was wanted.
func (s *Store) Waiting(ctx context.Context, olderThan time.Time, limit int) ([]Outbox, error) {
	return s.waiting(ctx, "o.at < ?", stampOf(olderThan), limited(limit))
}

// WaitingFor lists what is wanted of one incident and is not accepted, in the
// order in which it was wanted; at most 200 rows.
func (s *Store) WaitingFor(ctx context.Context, number string) ([]Outbox, error) {
	return s.waiting(ctx, "o.number = ?", number, maxLimit)
}

func (s *Store) waiting(ctx context.Context, which string, arg any, limit int) ([]Outbox, error) {
	query := `SELECT o.id, o.number, o.alerts, o.more, o.at, c.service, c.team, c.key, c.title, c.storm, c.recurs,
		c.cleared, c.started_at FROM outbox o JOIN claims c ON c.number = o.number
		WHERE o.accepted_at IS NULL AND ` + which + ` ORDER BY o.id LIMIT ?`
	rows, err := list[outboxRow](ctx, s, query, arg, limit)
	if err != nil {
		return nil, failed(err, "list what is wanted")
	}
	out := make([]Outbox, len(rows))
	for i, row := range rows {
		if out[i], err = row.outbox(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Release frees the keys of an incident, because its workflow is gone: the
// next delivery opens a new one. What is still wanted of it stays in the
// outbox: whoever sends it claims anew, and then accepts it. Releasing twice
// keeps the first reason.
func (s *Store) Release(ctx context.Context, number, reason string) error {
	return s.write(ctx, "release the key of "+number, func(tx *sqlx.Tx) error {
		now := stampOf(time.Now())
		if err := endSplits(ctx, tx, number, now); err != nil {
			return err
		}
		return release(ctx, tx, number, reason, now)
	})
}

func release(ctx context.Context, tx *sqlx.Tx, number, reason string, at stamp) error {
	_, err := tx.ExecContext(ctx, `
		UPDATE claim_keys SET released_at = $1, reason = $2 WHERE number = $3 AND released_at IS NULL`, at, reason, number)
	return err
}

// hold takes the keys back that an incident had, unless another has them now.
// Nearly always it has all of them: only then is nobody kept waiting.
func hold(ctx context.Context, tx *sqlx.Tx, number string) error {
	const lost = ` WHERE number = $1 AND released_at IS NOT NULL AND NOT EXISTS (
		SELECT 1 FROM claim_keys AS held
		WHERE held.service = claim_keys.service AND held.key = claim_keys.key AND held.released_at IS NULL)`
	var keys int
	if err := tx.GetContext(ctx, &keys, `SELECT COUNT(*) FROM claim_keys`+lost, number); err != nil || keys == 0 {
		return err
	}
	if _, err := takeCounters(ctx, tx); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE claim_keys SET released_at = NULL, reason = ''`+lost, number)
	return err
}

// OpenKey says which incident has a service's key.
type OpenKey struct {
	Service string `db:"service"`
	Key     string `db:"key"`
	Number  string `db:"number"`
}

// OpenKeys lists all keys that incidents hold.
func (s *Store) OpenKeys(ctx context.Context) ([]OpenKey, error) {
	out, err := list[OpenKey](ctx, s, `
		SELECT service, key, number FROM claim_keys WHERE released_at IS NULL ORDER BY service, key`)
	return out, failed(err, "list open keys")
}

// Adopt claims a key for an incident that was started while the database was
// away, and returns who holds it now: number itself, or the incident that was
// faster. Adopting again changes nothing.
func (s *Store) Adopt(ctx context.Context, number, service, key string, at time.Time) (string, error) {
	if number == "" || key == "" {
		return "", incident.Errorf(incident.Invalid, "adopt: an incident needs a number and a key")
	}
	var holder string
	err := s.write(ctx, "adopt "+number, func(tx *sqlx.Tx) error {
		if _, err := takeCounters(ctx, tx); err != nil {
			return err
		}
		var err error
		if holder, err = holderOf(ctx, tx, service, key); err != nil || holder != "" {
			return err
		}
		holder = number
		return adopt(ctx, tx, keyRow{Service: service, Key: key, Number: number, At: stampOf(at)})
	})
	if err != nil {
		return "", err
	}
	return holder, nil
}

// holderOf returns which incident holds a key; "" when none does.
func holderOf(ctx context.Context, tx *sqlx.Tx, service, key string) (string, error) {
	var held []string
	err := tx.SelectContext(ctx, &held,
		`SELECT number FROM claim_keys WHERE service = $1 AND key = $2 AND released_at IS NULL`, service, key)
	if err != nil || len(held) == 0 {
		return "", err
	}
	return held[0], nil
}

func adopt(ctx context.Context, tx *sqlx.Tx, row keyRow) error {
	_, err := tx.NamedExecContext(ctx, `
		INSERT INTO claims (number, service, team, key, title, storm, recurs, at, started_at, listed, more, truncated)
		VALUES (:number, :service, '', :key, '', 0, '', :at, :at, 0, 0, 0)
		ON CONFLICT (number) DO UPDATE SET started_at = COALESCE(claims.started_at, excluded.started_at)`, row)
	if err != nil {
		return err
	}
	return takeKey(ctx, tx, row)
}
