package store

import (
	"context"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/alerts"
)

// pair names a service and a key.
type pair struct{ service, key string }

// factID names an alert.
type factID struct{ service, key, fingerprint string }

// desk is what a batch of claims is decided on: read at once, changed in
// memory, written at once. The lock on the counters makes it the only one.
type desk struct {
	counters counters
	// held maps a service and key to the incident that has it now, earlier to
	// the last one that had it, and ended to those that have had it of late, the
	// oldest first.
	held    map[pair]*claimRow
	earlier map[pair]string
	ended   map[pair][]endedRow
	// taken are wanted numbers that are in use.
	taken map[string]bool
	facts map[factID]*factRow
	// rates count a service's new keys of the last minute.
	rates map[string]int

	opened  []*claimRow
	joined  []keyRow
	changed map[string]*claimRow
	seen    map[factID]*factRow
	wanted  []outboxRow
}

func newDesk() *desk {
	return &desk{
		held: map[pair]*claimRow{}, earlier: map[pair]string{}, ended: map[pair][]endedRow{}, taken: map[string]bool{},
		facts: map[factID]*factRow{}, rates: map[string]int{},
		changed: map[string]*claimRow{}, seen: map[factID]*factRow{},
	}
}

type counters struct {
	Incident int64 `db:"incident"`
	Outbox   int64 `db:"outbox"`
}

type claimRow struct {
	Number    string `db:"number"`
	Service   string `db:"service"`
	Team      string `db:"team"`
	Key       string `db:"key"`
	Title     string `db:"title"`
	Storm     int    `db:"storm"`
	Recurs    string `db:"recurs"`
	Cleared   int    `db:"cleared"`
	At        stamp  `db:"at"`
	Started   stamp  `db:"started_at"`
	Listed    int    `db:"listed"`
	More      int    `db:"more"`
	Truncated int    `db:"truncated"`
}

// beyond counts the firing alerts that the incident was not told by name.
func (r *claimRow) beyond() int { return r.More + r.Truncated }

type keyRow struct {
	Service string `db:"service"`
	Key     string `db:"key"`
	Number  string `db:"number"`
	At      stamp  `db:"at"`
}

// endedRow says how an incident gave a key back. Paged is its urgency if a page
// about it was handed over, and else empty.
type endedRow struct {
	Service string `db:"service"`
	Key     string `db:"key"`
	Number  string `db:"number"`
	At      stamp  `db:"at"`
	Reason  string `db:"reason"`
	Paged   string `db:"paged"`
}

type factRow struct {
	Service     string `db:"service"`
	Key         string `db:"key"`
	Fingerprint string `db:"fingerprint"`
	Number      string `db:"number"`
	Status      string `db:"status"`
	Starts      stamp  `db:"starts_at"`
	Count       int    `db:"count"`
	First       stamp  `db:"first_seen"`
	Last        stamp  `db:"last_seen"`
	Listed      int    `db:"listed"`
	Alert       string `db:"alert"`
	// Suppressed is the id of the silence that keeps it from paging.
	Suppressed string `db:"suppressed_by"`
}

func (r *factRow) firing() bool { return r.Status == string(alerts.Firing) }

// save writes what was decided.
func (d *desk) save(ctx context.Context, tx *sqlx.Tx) error {
	err := insert(ctx, tx, `
		INSERT INTO claims (number, service, team, key, title, storm, recurs, cleared, at, started_at, listed, more, truncated)
		VALUES (:number, :service, :team, :key, :title, :storm, :recurs, :cleared, :at, :started_at, :listed, :more, :truncated)`,
		d.opened)
	if err != nil {
		return err
	}
	err = insert(ctx, tx, `
		INSERT INTO claim_keys (service, key, number, at, reason) VALUES (:service, :key, :number, :at, '')`, d.joined)
	if err != nil {
		return err
	}
	if err := d.saveFacts(ctx, tx); err != nil {
		return err
	}
	if err := d.saveCounts(ctx, tx); err != nil || len(d.wanted) == 0 {
		return err
	}
	err = insert(ctx, tx, `
		INSERT INTO outbox (id, number, alerts, more, at) VALUES (:id, :number, :alerts, :more, :at)`, d.wanted)
	if err != nil {
		return err
	}
	_, err = tx.NamedExecContext(ctx, `UPDATE counters SET incident = :incident, outbox = :outbox WHERE id = 1`, d.counters)
	return err
}

func (d *desk) saveFacts(ctx context.Context, tx *sqlx.Tx) error {
	rows := make([]*factRow, 0, len(d.seen))
	for _, row := range d.seen {
		rows = append(rows, row)
	}
	return insert(ctx, tx, `
		INSERT INTO facts (service, key, fingerprint, number, status, starts_at, count, first_seen, last_seen, listed, alert,
			suppressed_by)
		VALUES (:service, :key, :fingerprint, :number, :status, :starts_at, :count, :first_seen, :last_seen, :listed, :alert,
			:suppressed_by)
		ON CONFLICT (service, key, fingerprint) DO UPDATE SET
			number = excluded.number, status = excluded.status, starts_at = excluded.starts_at, count = excluded.count,
			last_seen = excluded.last_seen, listed = excluded.listed, suppressed_by = excluded.suppressed_by,
			alert = CASE WHEN excluded.alert = '' THEN facts.alert ELSE excluded.alert END`, rows)
}

// saveCounts writes the counts of incidents that were there before.
func (d *desk) saveCounts(ctx context.Context, tx *sqlx.Tx) error {
	if len(d.changed) == 0 {
		return nil
	}
	args := make([]any, 0, 4*len(d.changed))
	for number, row := range d.changed {
		args = append(args, number, row.Listed, row.More, row.Truncated)
	}
	_, err := tx.ExecContext(ctx, tx.Rebind(`
		UPDATE claims SET listed = CAST(v.column2 AS BIGINT), more = CAST(v.column3 AS BIGINT),
			truncated = CAST(v.column4 AS BIGINT)
		FROM (VALUES `+tuples(len(d.changed), 4)+`) AS v WHERE claims.number = v.column1`), args...)
	return err
}
