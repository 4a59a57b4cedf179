package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

var _ activities.Divider = (*Store)(nil)

// splitKey is the key of an incident that was split off: no group of labels
// has it.
func splitKey(key, number string) string { return key + "/" + number }

// TakeSplit takes a number for the incident that a split makes, the same one
// for the same split, and returns the last word of its alerts. Alerts do not
// find it before MoveSplit.
func (s *Store) TakeSplit(ctx context.Context, o activities.SplitOrder) (activities.SplitOff, error) {
	var out activities.SplitOff
	err := s.write(ctx, "split "+o.From, func(tx *sqlx.Tx) error {
		c, err := takeCounters(ctx, tx)
		if err != nil {
			return err
		}
		request := "split/" + o.From + "/" + o.ID
		known, err := declared(ctx, tx, request)
		if err != nil {
			return err
		}
		facts, err := splitFacts(ctx, tx, o)
		if err != nil {
			return err
		}
		if out, err = splitOff(o, facts); err != nil {
			return err
		}
		if out.Number = known.Number; out.Number != "" {
			out.Key = splitKey(out.Key, out.Number)
			return nil
		}
		out.Number = incident.NumberPrefix + strconv.FormatInt(c.Incident+1, 10)
		out.Key = splitKey(out.Key, out.Number)
		if err := bump(ctx, tx, c.Incident+1); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, tx.Rebind(`
			INSERT INTO claims (number, service, team, key, title, storm, recurs, request, at, listed, more, truncated)
			VALUES (?, ?, ?, ?, ?, 0, '', ?, ?, 0, 0, 0)`),
			out.Number, out.Service, o.Team, out.Key, o.Title, request, stampOf(o.At))
		return err
	})
	if err != nil {
		return activities.SplitOff{}, err
	}
	return out, nil
}

// splitFacts reads the alerts of a split, also those that have moved already.
func splitFacts(ctx context.Context, tx *sqlx.Tx, o activities.SplitOrder) ([]factRow, error) {
	var c condition
	if o.Number == "" {
		c.equal("number", o.From)
	} else {
		oneOf(&c, "number", []string{o.From, o.Number})
	}
	oneOf(&c, "fingerprint", o.Alerts)
	var rows []factRow
	err := tx.SelectContext(ctx, &rows, tx.Rebind(`
		SELECT service, key, fingerprint, number, status, listed, alert FROM facts`+c.where()+`
		ORDER BY service, key, fingerprint`), c.args...)
	return rows, err
}

// splitOff puts together what a new incident is made of. It belongs to the
// incident's own service where one of the alerts does.
func splitOff(o activities.SplitOrder, facts []factRow) (activities.SplitOff, error) {
	out := activities.SplitOff{Service: o.Service, Key: o.Key}
	own := slices.IndexFunc(facts, func(f factRow) bool { return f.Service == o.Service })
	if len(facts) > 0 {
		out.Service, out.Key = facts[max(own, 0)].Service, facts[max(own, 0)].Key
	}
	for _, f := range facts {
		var a alerts.Alert
		if err := json.Unmarshal([]byte(f.Alert), &a); err != nil {
			return out, failed(err, "read an alert of "+o.From)
		}
		out.Alerts = append(out.Alerts, a)
	}
	return out, nil
}

// MoveSplit has what the alerts of a split say from now on find its incident,
// in every process within five seconds. Moving again changes nothing, and
// neither does a split whose incident is over already.
func (s *Store) MoveSplit(ctx context.Context, o activities.SplitOrder) error {
	return s.change(ctx, "record the split of "+o.From, func(tx *sqlx.Tx) error {
		if _, err := takeCounters(ctx, tx); err != nil {
			return err
		}
		var over []string
		err := tx.SelectContext(ctx, &over, `SELECT number FROM incidents WHERE number = $1 AND NOT (`+open+`)`, o.Number)
		if err != nil || len(over) > 0 {
			return err
		}
		facts, err := splitFacts(ctx, tx, o)
		if err != nil {
			return err
		}
		var listed, more int
		for _, f := range withUnknown(o, facts) {
			if f.Number == o.Number {
				continue // it has moved
			}
			if err := moveSplit(ctx, tx, o, f); err != nil {
				return err
			}
			if f.firing() {
				listed, more = listed+f.Listed, more+1-f.Listed
			}
		}
		return moveCounts(ctx, tx, o, listed, more)
	})
}

// withUnknown adds the alerts of which the incident was told while the
// database was away: they have its own key.
func withUnknown(o activities.SplitOrder, facts []factRow) []factRow {
	for _, fingerprint := range o.Alerts {
		known := slices.ContainsFunc(facts, func(f factRow) bool { return f.Fingerprint == fingerprint })
		if !known && o.Key != "" {
			facts = append(facts, factRow{Service: o.Service, Key: o.Key, Fingerprint: fingerprint, Number: o.From})
		}
	}
	return facts
}

// moveSplit moves one alert to the key of its new incident. An alert that was
// split off before is led from the key of its labels to the new one.
func moveSplit(ctx context.Context, tx *sqlx.Tx, o activities.SplitOrder, f factRow) error {
	key := splitKey(f.Key, o.Number)
	if err := takeKey(ctx, tx, keyRow{Service: f.Service, Key: key, Number: o.Number, At: stampOf(o.At)}); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, tx.Rebind(`
		UPDATE facts SET key = ?, number = ? WHERE service = ? AND key = ? AND fingerprint = ? AND number = ?`),
		key, o.Number, f.Service, f.Key, f.Fingerprint, o.From)
	if err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, tx.Rebind(`
		UPDATE splits SET to_key = ?, number = ?, ended_at = NULL WHERE service = ? AND to_key = ? AND fingerprint = ?`),
		key, o.Number, f.Service, f.Key, f.Fingerprint)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n > 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, tx.Rebind(`
		INSERT INTO splits (service, key, fingerprint, to_key, number, made_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (service, key, fingerprint) DO UPDATE SET
			to_key = excluded.to_key, number = excluded.number, made_at = excluded.made_at, ended_at = NULL`),
		f.Service, f.Key, f.Fingerprint, key, o.Number, stampOf(o.At))
	return err
}

// moveCounts moves what was counted of the alerts. The new incident is known to
// run.
func moveCounts(ctx context.Context, tx *sqlx.Tx, o activities.SplitOrder, listed, more int) error {
	_, err := tx.ExecContext(ctx, `UPDATE claims SET listed = listed - $1, more = more - $2 WHERE number = $3`, listed, more, o.From)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, tx.Rebind(`
		UPDATE claims SET listed = listed + ?, more = more + ?, started_at = COALESCE(started_at, at) WHERE number = ?`),
		listed, more, o.Number)
	return err
}

// handSplits keeps the splits of an incident in force for as long as it holds
// its keys, or leaves them to the incident that it was merged into.
func handSplits(ctx context.Context, tx *sqlx.Tx, b activities.Batch, now stamp) error {
	statement, args := `UPDATE splits SET ended_at = NULL WHERE number = ? AND ended_at IS NOT NULL`, []any{b.Number}
	switch {
	case b.Incident.HoldsKey:
	case b.Incident.Into != "":
		statement, args = `UPDATE splits SET number = ? WHERE number = ?`, []any{b.Incident.Into, b.Number}
	default:
		return endSplits(ctx, tx, b.Number, now)
	}
	// Whoever splits has the counters first too.
	if _, err := takeCounters(ctx, tx); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, tx.Rebind(statement), args...)
	return overlayChanged(ctx, tx, result, err)
}

// endSplits has what the alerts of an incident say find the key of their labels
// again.
func endSplits(ctx context.Context, tx *sqlx.Tx, number string, now stamp) error {
	if _, err := takeCounters(ctx, tx); err != nil {
		return err
	}
	result, err := tx.ExecContext(ctx, `UPDATE splits SET ended_at = $1 WHERE number = $2 AND ended_at IS NULL`, now, number)
	return overlayChanged(ctx, tx, result, err)
}

// overlayChanged counts a change of the overlay, if there was one.
func overlayChanged(ctx context.Context, tx *sqlx.Tx, result interface{ RowsAffected() (int64, error) }, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err != nil || n == 0 {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE counters SET overlay = overlay + 1 WHERE id = 1`)
	return err
}

// readSplits reads the splits that are in force.
func (s *Store) readSplits(ctx context.Context, o *catalog.Overlay) error {
	type row struct {
		Service     string `db:"service"`
		Key         string `db:"key"`
		Fingerprint string `db:"fingerprint"`
		To          string `db:"to_key"`
	}
	rows, err := list[row](ctx, s, `
		SELECT service, key, fingerprint, to_key FROM splits WHERE ended_at IS NULL ORDER BY service, key, fingerprint`)
	for _, r := range rows {
		o.Splits = append(o.Splits, catalog.Split(r))
	}
	return failed(err, "read splits")
}
