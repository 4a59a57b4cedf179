package store

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// loadDesk reads what the claims have to do with.
func loadDesk(ctx context.Context, tx *sqlx.Tx, claims []Claim) (*desk, error) {
	d := newDesk()
	return d, d.load(ctx, tx, claims, d.loadHeld, d.loadEarlier, d.loadFacts, d.loadTaken, d.loadRates)
}

// loader reads one kind of what claims have to do with.
type loader func(context.Context, *sqlx.Tx, []Claim) error

func (d *desk) load(ctx context.Context, tx *sqlx.Tx, claims []Claim, loads ...loader) error {
	var err error
	if d.counters, err = takeCounters(ctx, tx); err != nil {
		return err
	}
	for _, load := range loads {
		if err := load(ctx, tx, claims); err != nil {
			return err
		}
	}
	return nil
}

// loadHeld reads which incidents have the keys, and the storms of the
// services.
func (d *desk) loadHeld(ctx context.Context, tx *sqlx.Tx, claims []Claim) error {
	wanted := map[pair]bool{}
	for _, c := range claims {
		wanted[pair{c.Service, c.Key}] = true
		wanted[pair{c.Service, incident.StormKey}] = true
	}
	var rows []struct {
		claimRow
		HeldKey string `db:"held_key"`
	}
	err := tx.SelectContext(ctx, &rows, tx.Rebind(`
		SELECT k.service, k.key AS held_key, c.number, c.key, c.storm, c.started_at, c.listed, c.more, c.truncated
		FROM claim_keys k JOIN claims c ON c.number = k.number
		WHERE (k.service, k.key) IN (VALUES `+tuples(len(wanted), 2)+`) AND k.released_at IS NULL`), pairs(wanted)...)
	if err != nil {
		return err
	}
	known := make(map[string]*claimRow, len(rows))
	for i := range rows {
		// A storm holds several keys: they share its row.
		if known[rows[i].Number] == nil {
			known[rows[i].Number] = &rows[i].claimRow
		}
		d.held[pair{rows[i].Service, rows[i].HeldKey}] = known[rows[i].Number]
	}
	return nil
}

// loadEarlier reads which incident was the last to have a key that none has,
// and how those ended that have had it of late.
func (d *desk) loadEarlier(ctx context.Context, tx *sqlx.Tx, claims []Claim) error {
	wanted := map[pair]bool{}
	since := claims[0].At
	for _, c := range claims {
		if d.held[pair{c.Service, c.Key}] != nil {
			continue
		}
		wanted[pair{c.Service, c.Key}] = true
		wanted[pair{c.Service, incident.StormKey}] = true
		if lately := c.At.Add(-c.Lately); lately.Before(since) {
			since = lately
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	var rows []endedRow
	args := append([]any{stampOf(since), stampOf(since)}, pairs(wanted)...)
	err := tx.SelectContext(ctx, &rows, tx.Rebind(`
		WITH w AS MATERIALIZED (
			SELECT v.column1 AS service, v.column2 AS key, COALESCE((
				SELECT MAX(m.at) FROM claim_keys m WHERE m.service = v.column1 AND m.key = v.column2 AND m.at <= ?
			), ?) AS since FROM (VALUES `+tuples(len(wanted), 2)+`) AS v
		)
		SELECT k.service, k.key, k.number, k.at, k.reason,
			CASE WHEN i.number IS NOT NULL AND k.reason = ? AND EXISTS (
				SELECT 1 FROM pages p WHERE p.incident = k.number AND p.sent_at IS NOT NULL
			) THEN i.urgency ELSE '' END AS paged
		FROM w JOIN claim_keys k ON k.service = w.service AND k.key = w.key AND k.at >= w.since
		LEFT JOIN incidents i ON i.number = k.number
		ORDER BY k.at, k.released_at, k.number`), append(args, string(incident.Transient))...)
	for _, row := range rows {
		at := pair{row.Service, row.Key}
		d.earlier[at] = row.Number
		d.ended[at] = append(d.ended[at], row)
	}
	return err
}

// pairs are the arguments for as many tuples.
func pairs(wanted map[pair]bool) []any {
	args := make([]any, 0, 2*len(wanted))
	for p := range wanted {
		args = append(args, p.service, p.key)
	}
	return args
}

// loadFacts reads the last word of each alert.
func (d *desk) loadFacts(ctx context.Context, tx *sqlx.Tx, claims []Claim) error {
	wanted := map[factID]bool{}
	for _, c := range claims {
		for _, a := range c.Alerts {
			wanted[factID{c.Service, c.Key, a.Fingerprint}] = true
		}
	}
	for part := range slices.Chunk(slices.Collect(maps.Keys(wanted)), rowsAtOnce) {
		args := make([]any, 0, 3*len(part))
		for _, id := range part {
			args = append(args, id.service, id.key, id.fingerprint)
		}
		var rows []factRow
		err := tx.SelectContext(ctx, &rows, tx.Rebind(`
			SELECT service, key, fingerprint, number, status, starts_at, count, first_seen, last_seen, listed,
				suppressed_by
			FROM facts WHERE (service, key, fingerprint) IN (VALUES `+tuples(len(part), 3)+`)`), args...)
		if err != nil {
			return err
		}
		for i := range rows {
			d.facts[factID{rows[i].Service, rows[i].Key, rows[i].Fingerprint}] = &rows[i]
		}
	}
	return nil
}

// loadTaken finds out which of the wanted numbers are in use.
func (d *desk) loadTaken(ctx context.Context, tx *sqlx.Tx, claims []Claim) error {
	var c condition
	var wanted []string
	for _, claim := range claims {
		if claim.Number != "" {
			wanted = append(wanted, claim.Number)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	oneOf(&c, "number", wanted)
	var taken []string
	if err := tx.SelectContext(ctx, &taken, tx.Rebind(`SELECT number FROM claims`+c.where()), c.args...); err != nil {
		return err
	}
	for _, number := range taken {
		d.taken[number] = true
	}
	return nil
}

// loadRates counts the new keys of the services that are about to have more.
func (d *desk) loadRates(ctx context.Context, tx *sqlx.Tx, claims []Claim) error {
	for _, c := range claims {
		if c.StormLimit > 0 && d.held[pair{c.Service, c.Key}] == nil {
			d.rates[c.Service] = 0
		}
	}
	if len(d.rates) == 0 {
		return nil
	}
	var c condition
	oneOf(&c, "service", slices.Collect(maps.Keys(d.rates)))
	c.and("at > ?", stampOf(claims[0].At.Add(-time.Minute)))
	c.and("key <> ?", incident.StormKey)
	var rows []struct {
		Service string `db:"service"`
		Keys    int    `db:"keys"`
	}
	query := `SELECT service, COUNT(*) AS keys FROM claim_keys` + c.where() + ` GROUP BY service`
	if err := tx.SelectContext(ctx, &rows, tx.Rebind(query), c.args...); err != nil {
		return err
	}
	for _, row := range rows {
		d.rates[row.Service] = row.Keys
	}
	return nil
}
