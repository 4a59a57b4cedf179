package store

import (
	"context"
	"errors"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// Silent lists the incidents that are not over and have recorded nothing
// since then, the most silent first. Those that are marked as gone are left
// out.
func (s *Store) Silent(ctx context.Context, since time.Time) ([]string, error) {
	numbers, err := list[string](ctx, s, `
		SELECT number FROM incidents WHERE `+open+` AND gone_at IS NULL AND updated_at < $1
		ORDER BY updated_at, number`, stampOf(since))
	return numbers, failed(err, "list silent incidents")
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
		return release(ctx, tx, number, reason, now)
	})
}

// exists says with NotFound that an incident was never recorded.
func exists(ctx context.Context, tx *sqlx.Tx, number string) error {
	var found string
	return failed(tx.GetContext(ctx, &found, `SELECT number FROM incidents WHERE number = $1`, number), "look for "+number)
}
