package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// takeCounters reads the counters and makes every other process that wants them wait
// for the end of the transaction.
func takeCounters(ctx context.Context, tx *sqlx.Tx) (counters, error) {
	var c counters
	err := tx.GetContext(ctx, &c, `UPDATE counters SET incident = incident WHERE id = 1 RETURNING incident, outbox`)
	return c, err
}

// Declaration asks for the number of an incident that a person declares.
type Declaration struct {
	// Request is the idempotency key, unique over all callers: equal ones get
	// the same number. Empty always takes a new one.
	Request string
	Service string
	Team    string
	Title   string
	At      time.Time
}

// Declare takes a number for an incident that a person declares: it holds no
// key, and alerts do not find it. Nothing is wanted of it in the outbox:
// whoever declares repeats the request until it is accepted.
func (s *Store) Declare(ctx context.Context, d Declaration) (Claimed, error) {
	var out Claimed
	err := s.write(ctx, "declare an incident", func(tx *sqlx.Tx) error {
		c, err := takeCounters(ctx, tx)
		if err != nil {
			return err
		}
		if out, err = declared(ctx, tx, d.Request); err != nil || out.Number != "" {
			return err
		}
		out = Claimed{Number: incident.NumberPrefix + strconv.FormatInt(c.Incident+1, 10), New: true}
		if err := bump(ctx, tx, c.Incident+1); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO claims (number, service, team, key, title, storm, recurs, request, at, listed, more, truncated)
			VALUES (?, ?, ?, '', ?, 0, '', NULLIF(CAST(? AS TEXT), ''), ?, 0, 0, 0)`),
			out.Number, d.Service, d.Team, d.Title, d.Request, stampOf(d.At))
		return err
	})
	if err != nil {
		return Claimed{}, err
	}
	return out, nil
}

// declared returns what an equal request got before, if anything.
func declared(ctx context.Context, tx *sqlx.Tx, request string) (Claimed, error) {
	var rows []struct {
		Number  string `db:"number"`
		Started int    `db:"started"`
	}
	if request == "" {
		return Claimed{}, nil
	}
	err := tx.SelectContext(ctx, &rows, `
		SELECT c.number, CASE WHEN i.number IS NULL THEN 0 ELSE 1 END AS started
		FROM claims c LEFT JOIN incidents i ON i.number = c.number WHERE c.request = $1`, request)
	if err != nil || len(rows) == 0 {
		return Claimed{}, err
	}
	return Claimed{Number: rows[0].Number, Started: rows[0].Started != 0}, nil
}

// Taken reports whether an incident was opened under a number, also before the
// incident is recorded.
func (s *Store) Taken(ctx context.Context, number string) (bool, error) {
	rows, err := list[string](ctx, s, `SELECT number FROM claims WHERE number = ?`, number)
	return len(rows) > 0, failed(err, "look for "+number)
}

// Renumber gives a claim the next number, because Temporal knows the old one
// as another incident: the database was restored from a backup. What is
// wanted of the claim moves along. It is NotFound when nobody claimed old, or
// somebody else renumbered it already: claim again.
func (s *Store) Renumber(ctx context.Context, old string) (string, error) {
	var next string
	err := s.write(ctx, "give "+old+" another number", func(tx *sqlx.Tx) error {
		c, err := takeCounters(ctx, tx)
		if err != nil {
			return err
		}
		next = incident.NumberPrefix + strconv.FormatInt(c.Incident+1, 10)
		result, err := tx.ExecContext(ctx, `UPDATE claims SET number = $1, started_at = NULL WHERE number = $2`, next, old)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, incident.Errorf(incident.NotFound, "give %s another number: nobody claimed it", old))
		}
		if _, err := tx.ExecContext(ctx, `UPDATE facts SET number = $1 WHERE number = $2`, next, old); err != nil {
			return err
		}
		return bump(ctx, tx, c.Incident+1)
	})
	if err != nil {
		return "", err
	}
	return next, nil
}

func bump(ctx context.Context, tx *sqlx.Tx, n int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE counters SET incident = $1 WHERE id = 1`, n)
	return err
}
