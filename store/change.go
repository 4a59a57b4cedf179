package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// settled is how old a change must be before Changes tells of it: a
// transaction that began earlier may still commit with an earlier time.
const settled = 2 * time.Second

// Changes returns the incidents that were recorded behind a cursor, in the
// order in which they were, at most limit of them, and the cursor behind the
// last. Without a cursor it returns none, and the cursor of now. What was
// recorded in the last two seconds comes with a later call.
func (s *Store) Changes(ctx context.Context, after string, limit int) ([]*incident.Incident, string, error) {
	until := time.Now().Add(-settled)
	if after == "" {
		return nil, timeCursor(stampOf(until), ""), nil
	}
	var c condition
	if err := c.after("updated_at", "number", after); err != nil {
		return nil, "", err
	}
	c.and("updated_at <= ?", stampOf(until))
	query := `SELECT number, updated_at, doc FROM incidents` + c.where() + ` ORDER BY updated_at, number LIMIT ?`
	rows, err := list[incidentRow](ctx, s, query, append(c.args, limited(limit))...)
	if err != nil {
		return nil, "", failed(err, "list changed incidents")
	}
	out := make([]*incident.Incident, len(rows))
	for n, row := range rows {
		if out[n], err = decodeIncident(row.Doc); err != nil {
			return nil, "", err
		}
		after = timeCursor(row.Updated, row.Number)
	}
	return out, after, nil
}

// Highlights returns the last lines of a timeline that are marked as such, the
// oldest first, at most limit of them.
func (s *Store) Highlights(ctx context.Context, number string, limit int) ([]incident.Entry, error) {
	rows, err := list[timelineRow](ctx, s, `
		SELECT epoch, sequence, kind, occurred_at, recorded_at, actor_kind, actor, role, source, text, highlight, redacted_at
		FROM (SELECT * FROM timeline WHERE incident = $1 AND highlight = 1 ORDER BY sequence DESC, epoch DESC LIMIT $2) AS last
		ORDER BY sequence, epoch`, number, limited(limit))
	if err != nil {
		return nil, failed(err, "read the highlights of "+number)
	}
	return each(rows, timelineRow.entry), nil
}
