package store

import (
	"context"
	"time"
)

// SaveHistory keeps the history of a closed run, gzipped, for the time after
// Temporal has forgotten it. A history that is kept already stays.
func (s *Store) SaveHistory(ctx context.Context, workflowID, runID string, closed time.Time, gz []byte) error {
	_, err := s.exec(ctx, "keep the history of "+workflowID, `
		INSERT INTO histories (workflow_id, run_id, closed_at, gz) VALUES ($1, $2, $3, $4)
		ON CONFLICT (workflow_id, run_id) DO NOTHING`, workflowID, runID, stampOf(closed), gz)
	return err
}

// HasHistory reports whether a run's history is kept.
func (s *Store) HasHistory(ctx context.Context, workflowID, runID string) (bool, error) {
	kept, err := get[int](ctx, s,
		`SELECT COUNT(*) FROM histories WHERE workflow_id = $1 AND run_id = $2`, workflowID, runID)
	return kept > 0, failed(err, "look for the history of "+workflowID)
}

// History returns a run's history as it was kept, gzipped, or NotFound.
func (s *Store) History(ctx context.Context, workflowID, runID string) ([]byte, error) {
	gz, err := get[[]byte](ctx, s,
		`SELECT gz FROM histories WHERE workflow_id = $1 AND run_id = $2`, workflowID, runID)
	return gz, failed(err, "read the history of "+workflowID)
}
