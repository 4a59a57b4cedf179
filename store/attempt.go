package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/activities"
)

var _ activities.Ledger = (*Store)(nil)

// Made reports whether the effect of this key was made: whether any attempt
// at it ended without an error.
func (s *Store) Made(ctx context.Context, key string) (bool, error) {
	made, err := get[int](ctx, s, `SELECT COUNT(*) FROM attempts WHERE key = $1 AND error = ''`, key)
	return made > 0, failed(err, "look an effect up")
}

// Attempt records one attempt at an effect: made when its Error is empty.
// Recording the same attempt again changes nothing.
func (s *Store) Attempt(ctx context.Context, a activities.Attempt) error {
	if a.At.IsZero() {
		a.At = time.Now()
	}
	_, err := s.exec(ctx, "record an attempt", `
		INSERT INTO attempts (key, at, incident, what, error, provider, reference) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (key, at) DO NOTHING`, a.Key, stampOf(a.At), a.Incident, a.What, a.Error, a.Provider, a.Reference)
	return err
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
	out := make([]activities.Attempt, len(rows))
	for i, r := range rows {
		out[i] = r.attempt()
	}
	return out, nil
}
