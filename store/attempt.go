package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

var _ activities.Ledger = (*Store)(nil)

// Made returns the first attempt at the effect of this key that ended without
// an error, and false when there is none.
func (s *Store) Made(ctx context.Context, key string) (activities.Attempt, bool, error) {
	rows, err := list[attemptRow](ctx, s, `SELECT `+attemptColumns+` FROM attempts WHERE key = $1 AND error = '' ORDER BY at LIMIT 1`, key)
	if err != nil || len(rows) == 0 {
		return activities.Attempt{}, false, failed(err, "look an effect up")
	}
	return rows[0].attempt(), true, nil
}

// Attempt records attempts at effects, all or none: made are those whose Error
// is empty. Recording an attempt again changes nothing.
func (s *Store) Attempt(ctx context.Context, list ...activities.Attempt) error {
	rows := make([]attemptRow, len(list))
	for n, a := range list {
		if a.At.IsZero() {
			a.At = time.Now()
		}
		rows[n] = attemptRow{
			Key: a.Key, At: stampOf(a.At), Incident: a.Incident, What: a.What, Error: a.Error, Provider: a.Provider, Reference: a.Reference,
		}
	}
	return s.write(ctx, "record an attempt", func(tx *sqlx.Tx) error {
		return insert(ctx, tx, `
			INSERT INTO attempts (key, at, incident, what, error, provider, reference)
			VALUES (:key, :at, :incident, :what, :error, :provider, :reference) ON CONFLICT (key, at) DO NOTHING`, rows)
	})
}

type attemptRow struct {
	Key       string `db:"key"`
	At        stamp  `db:"at"`
	Incident  string `db:"incident"`
	What      string `db:"what"`
	Error     string `db:"error"`
	Provider  string `db:"provider"`
	Reference string `db:"reference"`
	Receipt   string `db:"receipt"`
	Receipted stamp  `db:"receipt_at"`
}

func (r attemptRow) attempt() activities.Attempt {
	return activities.Attempt{
		Key: r.Key, Incident: r.Incident, What: r.What, At: r.At.Time(), Error: r.Error,
		Provider: r.Provider, Reference: r.Reference, Receipt: r.Receipt, Receipted: r.Receipted.Time(),
	}
}

// attemptColumns are those of an attemptRow.
const attemptColumns = `key, at, incident, what, error, provider, reference, receipt, receipt_at`

// Attempts lists all attempts at effects of an incident, the oldest first.
func (s *Store) Attempts(ctx context.Context, number string) ([]activities.Attempt, error) {
	rows, err := list[attemptRow](ctx, s, `
		SELECT `+attemptColumns+` FROM attempts WHERE incident = $1 ORDER BY at, key`, number)
	if err != nil {
		return nil, failed(err, "list the attempts of "+number)
	}
	return each(rows, attemptRow.attempt), nil
}
