package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
)

// ofBeats is the condition that a column holds the number of a beat. The range
// is for the index, in whatever collation.
func ofBeats(column string) string {
	return column + ` > 'WD' AND ` + column + ` < 'WE' AND ` + column + ` LIKE 'WD-%'`
}

// recordBeat keeps nothing of a synthetic incident but that its key is free:
// it appears in no list, no timeline and no statistic.
func (s *Store) recordBeat(ctx context.Context, b activities.Batch) error {
	if b.Incident.HoldsKey {
		return nil
	}
	return s.write(ctx, "record "+b.Number, func(tx *sqlx.Tx) error {
		return release(ctx, tx, b.Number, string(b.Incident.Phase), stampOf(time.Now()))
	})
}

// LastBeat returns when a beat was last handed over to the watchdog outside,
// by whatever process; the zero time when none was of late.
func (s *Store) LastBeat(ctx context.Context) (time.Time, error) {
	rows, err := list[stamp](ctx, s, `
		SELECT at FROM attempts WHERE `+ofBeats("incident")+` AND error = '' ORDER BY at DESC LIMIT 1`)
	if err != nil || len(rows) == 0 {
		return time.Time{}, failed(err, "look for the last beat")
	}
	return rows[0].Time(), nil
}

// purgeBeats removes what beats left before a time.
func (s *Store) purgeBeats(ctx context.Context, before stamp) (int64, error) {
	const what = "purge beats"
	var removed int64
	for _, statement := range []string{
		`DELETE FROM attempts WHERE ` + ofBeats("incident") + ` AND at < ?`,
		`DELETE FROM facts WHERE service = '` + catalog.Watchdog + `' AND last_seen < ?`,
	} {
		n, err := s.exec(ctx, what, s.w.Rebind(statement), before)
		if removed += n; err != nil {
			return removed, err
		}
	}
	numbers, err := list[any](ctx, s, `SELECT number FROM claims WHERE `+ofBeats("number")+` AND at < ? LIMIT ?`, before, rowsAtOnce)
	if err != nil || len(numbers) == 0 {
		return removed, failed(err, what)
	}
	err = s.write(ctx, what, func(tx *sqlx.Tx) error {
		for _, table := range []string{"outbox", "claim_keys", "claims"} {
			_, err := tx.ExecContext(ctx, tx.Rebind(`DELETE FROM `+table+` WHERE number IN `+tuples(1, len(numbers))), numbers...)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return removed + int64(len(numbers)), err
}
