package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
)

const (
	// keepsAccepted is for how long what Temporal accepted is kept.
	keepsAccepted = 24 * time.Hour
	// keepsBeats is for how long what beats leave is kept.
	keepsBeats = 30 * time.Minute
	// keepsFacts is for how long the last word of an alert is kept that is not
	// heard of any more, that no open incident knows, and that does not fire
	// under a silence.
	keepsFacts = 30 * 24 * time.Hour
	// keepsNotices is for how long one remembers that somebody was told.
	keepsNotices = 30 * 24 * time.Hour
	// keepsChanges is for how long what was changed is kept.
	keepsChanges = 180 * 24 * time.Hour
	// keepsTurns is for how long who asks again has the same turn.
	keepsTurns = 30 * 24 * time.Hour
	// keepsCodes is for how long a code is counted that proved nothing.
	keepsCodes = 24 * time.Hour
	// keepsServed is for how long a runbook of another repository is kept that is
	// not heard of any more: so long it is offered.
	keepsServed = 24 * time.Hour
)

// Purge removes rows that nobody asks for any more, some hundreds of each kind
// that comes in crowds, and returns how many; there are no more when it is 0. It looks for them without
// keeping writers waiting.
func (s *Store) Purge(ctx context.Context, now time.Time) (int64, error) {
	sent, err := s.purgeOutbox(ctx, stampOf(now.Add(-keepsAccepted)))
	if err != nil {
		return sent, err
	}
	beats, err := s.purgeBeats(ctx, stampOf(now.Add(-keepsBeats)))
	if err != nil {
		return sent + beats, err
	}
	facts, err := s.purgeFacts(ctx, stampOf(now.Add(-keepsFacts)))
	if err != nil {
		return sent + beats + facts, err
	}
	old, err := s.purgeOld(ctx, now)
	return sent + beats + facts + old, err
}

// purgeOld removes what goes when it is old, whatever else there is.
func (s *Store) purgeOld(ctx context.Context, now time.Time) (int64, error) {
	var sum int64
	for _, old := range []struct {
		what, statement string
		kept            time.Duration
	}{
		{"splits that have ended", `DELETE FROM splits WHERE ended_at < ?`, keepsFacts},
		{"notices that are over", `DELETE FROM notices WHERE over_at < ?`, keepsNotices},
		{"turns", `DELETE FROM turns WHERE at < ?`, keepsTurns},
		{"changes", `DELETE FROM change_events WHERE at < ?`, keepsChanges},
		{"runs that started by themselves", `DELETE FROM auto_runs WHERE at < ?`, keepsTurns},
		{"codes", `DELETE FROM verifications WHERE verified_at IS NULL AND sent_at < ?`, keepsCodes},
		{"runbooks that are served no more", `DELETE FROM served_runbooks WHERE heard_at < ?`, keepsServed},
	} {
		n, err := s.exec(ctx, "purge "+old.what, s.w.Rebind(old.statement), stampOf(now.Add(-old.kept)))
		if sum += n; err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (s *Store) purgeOutbox(ctx context.Context, before stamp) (int64, error) {
	const what = "purge what was accepted"
	ids, err := list[any](ctx, s, `SELECT id FROM outbox WHERE accepted_at < ? ORDER BY id LIMIT ?`, before, rowsAtOnce)
	if err != nil || len(ids) == 0 {
		return 0, failed(err, what)
	}
	return s.exec(ctx, what, s.w.Rebind(`DELETE FROM outbox WHERE id IN `+tuples(1, len(ids))), ids...)
}

func (s *Store) purgeFacts(ctx context.Context, before stamp) (int64, error) {
	const what = "purge the facts of what is over"
	rows, err := list[factRow](ctx, s, `SELECT service, key, fingerprint FROM facts f
		WHERE last_seen < ? AND NOT (status = ? AND suppressed_by <> '') AND NOT EXISTS (
			SELECT 1 FROM claim_keys k WHERE k.number = f.number AND (k.released_at IS NULL OR k.released_at >= ?)
		) LIMIT ?`, before, string(alerts.Firing), before, rowsAtOnce)
	if err != nil || len(rows) == 0 {
		return 0, failed(err, what)
	}
	args := []any{before}
	for _, r := range rows {
		args = append(args, r.Service, r.Key, r.Fingerprint)
	}
	return s.exec(ctx, what, s.w.Rebind(`
		DELETE FROM facts WHERE last_seen < ? AND (service, key, fingerprint) IN (VALUES `+tuples(len(rows), 3)+`)`), args...)
}
