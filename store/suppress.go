package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// Suppressing returns the silences under which alerts are known to fire. One
// that cannot be read is over.
func (s *Store) Suppressing(ctx context.Context) ([]catalog.Silence, error) {
	ids, err := list[string](ctx, s, `
		SELECT DISTINCT suppressed_by FROM facts WHERE suppressed_by <> '' AND status = $1`, string(alerts.Firing))
	if err != nil || len(ids) == 0 {
		return nil, failed(err, "list silences that keep alerts from paging")
	}
	var c condition
	oneOf(&c, "id", ids)
	rows, err := list[silenceRow](ctx, s, `SELECT `+silenceColumns+` FROM silences`+c.where(), c.args...)
	if err != nil {
		return nil, failed(err, "list silences that keep alerts from paging")
	}
	known := make(map[string]catalog.Silence, len(rows))
	for _, row := range rows {
		if one, ok := row.silence(); ok {
			known[one.ID] = one
		}
	}
	out := make([]catalog.Silence, len(ids))
	for i, id := range ids {
		out[i] = known[id]
		out[i].ID = id
	}
	return out, nil
}

// SuppressedBy returns alerts that fire under a silence, at most limit, those
// first heard of first.
func (s *Store) SuppressedBy(ctx context.Context, silence string, limit int) ([]alerts.Alert, error) {
	docs, err := list[string](ctx, s, `SELECT alert FROM facts
		WHERE suppressed_by = $1 AND suppressed_by <> '' AND status = $2 ORDER BY first_seen, fingerprint LIMIT $3`,
		silence, string(alerts.Firing), limit)
	var out []alerts.Alert
	for _, doc := range docs {
		if a, ok := unpack[alerts.Alert](doc, "alert", silence); ok {
			out = append(out, a)
		}
	}
	return out, failed(err, "list what a silence keeps from paging")
}

// Unsuppress forgets that a silence keeps alerts from paging that were not
// heard of at a time or later; at most 500.
func (s *Store) Unsuppress(ctx context.Context, silence string, fingerprints []string, before time.Time) error {
	if len(fingerprints) == 0 {
		return nil
	}
	args := []any{silence, stampOf(before)}
	for _, f := range fingerprints {
		args = append(args, f)
	}
	return s.write(ctx, "forget what a silence kept from paging", func(tx *sqlx.Tx) error {
		// Who claims has read the facts and writes them back.
		if _, err := takeCounters(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE facts SET suppressed_by = '' WHERE suppressed_by = ? AND suppressed_by <> '' AND last_seen < ?
			AND fingerprint IN `+tuples(1, len(fingerprints))), args...)
		return err
	})
}
