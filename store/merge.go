package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// handKeys keeps, moves or frees the keys of an incident, as its record says:
// what was merged into another incident leaves them to that one.
func handKeys(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	now := stampOf(time.Now())
	if b.Incident.SplitFrom != "" || len(b.Incident.Absorbed) > 0 {
		if err := handSplits(ctx, tx, b, now); err != nil {
			return err
		}
	}
	switch {
	case b.Incident.HoldsKey:
		return hold(ctx, tx, b.Number)
	case b.Incident.Into != "":
		return moveTo(ctx, tx, b, now)
	}
	return release(ctx, tx, b.Number, string(b.Incident.Phase), now)
}

// moveTo gives the keys of a merged incident to the one that it became a part
// of, with the last word of each alert and what was not accepted yet, so that
// what alerts say from now on is heard there. Moving again changes nothing.
// Where that one is over too, the keys are free.
func moveTo(ctx context.Context, tx *sqlx.Tx, b activities.Batch, now stamp) error {
	from, into := b.Number, b.Incident.Into
	if err := moveTickets(ctx, tx, b); err != nil {
		return err
	}
	if err := claimOwn(ctx, tx, b); err != nil {
		return err
	}
	var keys []keyRow
	err := tx.SelectContext(ctx, &keys, `SELECT service, key FROM claim_keys WHERE number = $1 AND released_at IS NULL`, from)
	if err != nil || len(keys) == 0 {
		return err
	}
	if _, err := takeCounters(ctx, tx); err != nil {
		return err
	}
	var heirs []string
	err = tx.SelectContext(ctx, &heirs, `
		SELECT c.number FROM claims c LEFT JOIN incidents i ON i.number = c.number
		WHERE c.number = $1 AND (i.number IS NULL OR i.gone_at IS NULL AND i.`+open+`)`, into)
	if err != nil {
		return err
	}
	reason := string(b.Incident.Phase)
	if len(heirs) > 0 {
		reason += " into " + into
	}
	if err := release(ctx, tx, from, reason, now); err != nil || len(heirs) == 0 {
		return err
	}
	for _, key := range keys {
		key.Number, key.At = into, now
		if err := takeKey(ctx, tx, key); err != nil {
			return err
		}
	}
	return moveAlerts(ctx, tx, from, into, now)
}

// claimOwn claims the key of an incident that was opened while the database was
// away, and that was merged before it could ask for it. A key that somebody
// holds stays there.
func claimOwn(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	own := b.Incident
	if !strings.HasPrefix(b.Number, incident.AwayPrefix) || own.Key == "" {
		return nil
	}
	if _, err := takeCounters(ctx, tx); err != nil {
		return err
	}
	holder, err := holderOf(ctx, tx, own.Service, own.Key)
	if err != nil || holder != "" {
		return err
	}
	return adopt(ctx, tx, keyRow{Service: own.Service, Key: own.Key, Number: b.Number, At: stampOf(own.Stamp(incident.TriggeredAt))})
}

// takeKey has an incident hold a key that nobody holds.
func takeKey(ctx context.Context, tx *sqlx.Tx, row keyRow) error {
	_, err := tx.NamedExecContext(ctx, `
		INSERT INTO claim_keys (service, key, number, at, reason) VALUES (:service, :key, :number, :at, '')
		ON CONFLICT (service, key, number) DO UPDATE SET released_at = NULL, reason = ''`, row)
	return err
}

// moveAlerts moves what is known of alerts, and counts anew how many of them
// the heir lists by name. The heir is known to run: it has answered.
func moveAlerts(ctx context.Context, tx *sqlx.Tx, from, into string, now stamp) error {
	if _, err := tx.ExecContext(ctx, `UPDATE facts SET number = $1 WHERE number = $2`, into, from); err != nil {
		return err
	}
	listed, beyond, err := relist(ctx, tx, into)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, tx.Rebind(`
		UPDATE claims SET started_at = COALESCE(started_at, ?), listed = ?,
			more = more + ? + (SELECT s.more FROM claims s WHERE s.number = ?),
			truncated = truncated + (SELECT s.truncated FROM claims s WHERE s.number = ?)
		WHERE number = ?`), now, listed, beyond, from, from, into)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE claims SET listed = 0, more = 0, truncated = 0 WHERE number = $1`, from)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, tx.Rebind(`
		UPDATE outbox SET number = ?, more = (SELECT c.more + c.truncated FROM claims c WHERE c.number = ?)
		WHERE number = ? AND accepted_at IS NULL`), into, into, from)
	return err
}

// relist keeps the first fifty alerts that fire listed by name. It returns how
// many are, and how many were and are only counted from now on.
func relist(ctx context.Context, tx *sqlx.Tx, number string) (listed, beyond int, err error) {
	var rows []factRow
	err = tx.SelectContext(ctx, &rows, tx.Rebind(`
		SELECT service, key, fingerprint FROM facts WHERE number = ? AND status = 'firing' AND listed <> 0
		ORDER BY first_seen, service, key, fingerprint`), number)
	if err != nil || len(rows) <= maxListed {
		return len(rows), 0, err
	}
	rest := rows[maxListed:]
	for part := range slices.Chunk(rest, rowsAtOnce) {
		args := make([]any, 0, 3*len(part))
		for _, r := range part {
			args = append(args, r.Service, r.Key, r.Fingerprint)
		}
		_, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE facts SET listed = 0 WHERE (service, key, fingerprint) IN (VALUES `+tuples(len(part), 3)+`)`), args...)
		if err != nil {
			return 0, 0, err
		}
	}
	return maxListed, len(rest), nil
}

// moveTickets has what the tracker says of the follow-ups that went along reach
// the incident that goes on with them.
func moveTickets(ctx context.Context, tx *sqlx.Tx, b activities.Batch) error {
	for _, f := range b.Incident.FollowUps {
		if f.State != incident.FollowUpMoved || f.Ticket.ID == "" {
			continue
		}
		_, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE tickets SET incident = ? WHERE id = ? AND EXISTS (SELECT 1 FROM incidents WHERE number = ?)`),
			b.Incident.Into, f.Ticket.ID, b.Incident.Into)
		if err != nil {
			return err
		}
	}
	return nil
}
