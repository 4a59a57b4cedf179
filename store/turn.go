package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
)

var _ activities.Turns = (*Store)(nil)

// Turn returns how many turns a round had before the one with this key. Who
// asks with the same key again has the same turn.
func (s *Store) Turn(ctx context.Context, t activities.Turn) (int, error) {
	var n int
	err := s.write(ctx, "take a turn of "+t.Of, func(tx *sqlx.Tx) error {
		// The round is written first: who comes second waits.
		err := tx.GetContext(ctx, &n, `
			INSERT INTO rounds (id, turns) VALUES ($1, 0) ON CONFLICT (id) DO UPDATE SET turns = rounds.turns RETURNING turns`, t.Of)
		if err != nil {
			return err
		}
		had := 0
		err = tx.GetContext(ctx, &had, `SELECT n FROM turns WHERE round = $1 AND key = $2`, t.Of, t.Key)
		if err == nil {
			n = had
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO turns (round, key, n, at) VALUES ($1, $2, $3, $4)`, t.Of, t.Key, n, stampOf(time.Now()))
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE rounds SET turns = turns + 1 WHERE id = $1`, t.Of)
		return err
	})
	return n, err
}
