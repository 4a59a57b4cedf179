package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
)

// InForce returns what was in force in [from, until), and what will be as far
// as is known now: each version of the catalog in its time, with the overrides
// and temporary schedules that stood then on top. It is empty when there was
// no catalog.
func (s *Store) InForce(ctx context.Context, from, until time.Time) (catalog.History, error) {
	rows, err := list[eraRow](ctx, s, `
		SELECT version, applied_at, doc FROM catalogs
		WHERE applied_at < $1
			AND version >= COALESCE((SELECT MAX(version) FROM catalogs WHERE applied_at <= $2), 0)
		ORDER BY version`, stampOf(until), stampOf(from))
	if err != nil {
		return nil, failed(err, "read the versions of the catalog")
	}
	var overlay catalog.Overlay
	if err := s.readOverrides(ctx, &overlay, from); err != nil {
		return nil, err
	}
	if err := s.readTemporaries(ctx, &overlay, from); err != nil {
		return nil, err
	}
	var out catalog.History
	for i, row := range rows {
		c, err := row.catalog()
		if err != nil {
			return nil, err
		}
		end := until
		if i+1 < len(rows) {
			end = rows[i+1].Applied.Time()
		}
		out = append(out, catalog.Era{Catalog: c.With(overlay), From: later(row.Applied.Time(), from), Until: end})
	}
	return out, nil
}

type eraRow struct {
	catalogRow
	Applied stamp `db:"applied_at"`
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
