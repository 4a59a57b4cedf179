package store

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// Silent lists incidents that are not over and have recorded nothing since
// then, at most limit of them: those that were not looked at for longest
// first, and none that was looked at since then. Those that are marked as gone
// are left out.
func (s *Store) Silent(ctx context.Context, since time.Time, limit int) ([]string, error) {
	numbers, err := list[string](ctx, s, `
		SELECT number FROM incidents WHERE `+open+` AND gone_at IS NULL
		AND updated_at < ? AND (looked_at IS NULL OR looked_at < ?)
		ORDER BY COALESCE(looked_at, updated_at), number LIMIT ?`, stampOf(since), stampOf(since), limited(limit))
	return numbers, failed(err, "list silent incidents")
}

// Looked notes that somebody has looked at silent incidents; at most 200.
func (s *Store) Looked(ctx context.Context, numbers []string, at time.Time) error {
	if len(numbers) == 0 {
		return nil
	}
	args := []any{stampOf(at)}
	for _, number := range numbers {
		args = append(args, number)
	}
	_, err := s.exec(ctx, "note which incidents were looked at", s.w.Rebind(
		`UPDATE incidents SET looked_at = ? WHERE number IN `+tuples(1, len(numbers)),
	), args...)
	return err
}

// noRun stands where the id of a run does in lines that no run wrote. It
// sorts before all ids: whoever follows the timeline misses no line of a run
// that took the same place.
const noRun = ""

// MarkGone notes that an incident has lost its workflow: it is no longer open,
// its timeline says so, and its keys are free. If it records again after all,
// the mark goes away. Marking it again changes nothing; an unknown incident is
// NotFound.
func (s *Store) MarkGone(ctx context.Context, number, reason string) error {
	now := stampOf(time.Now())
	return s.write(ctx, "mark "+number+" as gone", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, `
			UPDATE incidents SET gone_at = $1, gone_reason = $2 WHERE number = $3 AND gone_at IS NULL`, now, reason, number)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, exists(ctx, tx, number))
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO timeline (incident, epoch, sequence, kind, occurred_at, recorded_at, actor_kind, actor,
				role, source, text, highlight, redacted_at, redacted_by, redacted_reason)
			VALUES (?, ?, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM timeline WHERE incident = ?),
				'workflow.gone', ?, ?, ?, '', '', 'sweeper', ?, 1, NULL, '', '')`),
			number, noRun, number, now, now, string(incident.Tocsin), "The workflow is gone: "+reason)
		if err != nil {
			return err
		}
		if err := endSplits(ctx, tx, number, now); err != nil {
			return err
		}
		return release(ctx, tx, number, reason, now)
	})
}

// exists says with NotFound that an incident was never recorded.
func exists(ctx context.Context, tx *sqlx.Tx, number string) error {
	var found string
	return failed(tx.GetContext(ctx, &found, `SELECT number FROM incidents WHERE number = $1`, number), "look for "+number)
}
