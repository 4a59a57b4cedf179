package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

var _ activities.Told = (*Store)(nil)

// ToldGaps returns the marks of the gaps that a team was told of.
func (s *Store) ToldGaps(ctx context.Context, team string) ([]string, error) {
	marks, err := list[string](ctx, s, `SELECT gap FROM coverage_told WHERE team = $1 ORDER BY gap`, team)
	return marks, failed(err, "list the gaps that team "+team+" was told of")
}

// KeepToldGaps remembers that a team knows of these gaps, and forgets all
// others.
func (s *Store) KeepToldGaps(ctx context.Context, team string, marks []string, at time.Time) error {
	what := "remember the gaps that team " + team + " was told of"
	return s.write(ctx, what, func(tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM coverage_told WHERE team = $1`, team); err != nil {
			return err
		}
		for _, mark := range marks {
			_, err := tx.ExecContext(ctx, `INSERT INTO coverage_told (team, gap, told_at) VALUES ($1, $2, $3)`, team, mark, stampOf(at))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
