package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// Override is an override with its story. One that was removed held until
// then.
type Override struct {
	oncall.Override
	// Swap is the id of the swap that it came from.
	Swap      string
	Made      time.Time
	Removed   time.Time
	RemovedBy string
}

// maxStanding bounds how many overrides, and how many temporary schedules, of
// one schedule are not over.
const maxStanding = 500

type overrideRow struct {
	ID        string `db:"id"`
	Schedule  string `db:"schedule"`
	Rotation  string `db:"rotation"`
	Kind      string `db:"kind"`
	Person    string `db:"person"`
	Of        string `db:"of_person"`
	From      stamp  `db:"from_at"`
	Until     stamp  `db:"until_at"`
	Reason    string `db:"reason"`
	Swap      string `db:"swap"`
	Made      stamp  `db:"made_at"`
	By        string `db:"made_by"`
	Removed   stamp  `db:"removed_at"`
	RemovedBy string `db:"removed_by"`
}

func overrideRowOf(o Override) overrideRow {
	return overrideRow{
		ID: o.ID, Schedule: o.Schedule, Rotation: o.Rotation, Kind: string(o.Kind), Person: o.Person, Of: o.Of,
		From: stampOf(o.From), Until: stampOf(o.Until), Reason: o.Reason, Swap: o.Swap, Made: stampOf(o.Made), By: o.By,
		Removed: stampOf(o.Removed), RemovedBy: o.RemovedBy,
	}
}

func (r overrideRow) override() Override {
	return Override{
		Override: oncall.Override{
			ID: r.ID, Schedule: r.Schedule, Rotation: r.Rotation, Kind: oncall.OverrideKind(r.Kind), Person: r.Person,
			Of: r.Of, From: r.From.Time(), Until: r.Until.Time(), Reason: r.Reason, By: r.By,
		},
		Swap: r.Swap, Made: r.Made.Time(), Removed: r.Removed.Time(), RemovedBy: r.RemovedBy,
	}
}

const overrideColumns = `id, schedule, rotation, kind, person, of_person, from_at, until_at, reason, swap, made_at, made_by,
	removed_at, removed_by`

// AddOverride keeps an override. It is Refused when its schedule has too many
// that are not over.
func (s *Store) AddOverride(ctx context.Context, o Override) error {
	return s.change(ctx, "add an override", func(tx *sqlx.Tx) error {
		if err := room(ctx, tx, "overrides", o.Schedule, o.Made); err != nil {
			return err
		}
		return addOverrides(ctx, tx, o)
	})
}

// room refuses one more row of a table for a schedule that has too many.
func room(ctx context.Context, tx *sqlx.Tx, table, schedule string, now time.Time) error {
	var standing int
	err := tx.GetContext(ctx, &standing, tx.Rebind(
		`SELECT COUNT(*) FROM `+table+` WHERE schedule = ? AND until_at > ? AND removed_at IS NULL`), schedule, stampOf(now))
	if err == nil && standing >= maxStanding {
		return incident.Errorf(incident.Refused, "schedule %s has %d of them that are not over: remove some first", schedule, standing)
	}
	return err
}

func addOverrides(ctx context.Context, tx *sqlx.Tx, list ...Override) error {
	rows := make([]overrideRow, len(list))
	for i, o := range list {
		rows[i] = overrideRowOf(o)
	}
	return insert(ctx, tx, `
		INSERT INTO overrides (`+overrideColumns+`)
		VALUES (:id, :schedule, :rotation, :kind, :person, :of_person, :from_at, :until_at, :reason, :swap, :made_at, :made_by,
			:removed_at, :removed_by)`, rows)
}

// Override returns one override, also one that was removed, or NotFound.
func (s *Store) Override(ctx context.Context, id string) (Override, error) {
	row, err := get[overrideRow](ctx, s, `SELECT `+overrideColumns+` FROM overrides WHERE id = $1`, id)
	return row.override(), failed(err, "read override "+id)
}

// RemoveOverride ends an override. It is NotFound when there is none of that
// id that is not over.
func (s *Store) RemoveOverride(ctx context.Context, id, by string, at time.Time) error {
	return s.remove(ctx, "overrides", id, by, at)
}

// remove ends an override or a temporary schedule.
func (s *Store) remove(ctx context.Context, table, id, by string, at time.Time) error {
	return s.change(ctx, "remove from "+table, func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE `+table+` SET removed_at = ?, removed_by = ? WHERE id = ? AND removed_at IS NULL AND until_at > ?`),
			stampOf(at), by, id, stampOf(at))
		return changed(result, err, incident.Errorf(incident.NotFound, "%s is over, or was removed", id))
	})
}

// DutyFilter narrows Overrides and Temporaries; what is empty does not narrow.
type DutyFilter struct {
	Schedule string
	// Person comes or goes, has a shift, or made it.
	Person string
	// From and Until bound a span in which it holds.
	From, Until time.Time
	// Active leaves out what is over at that moment or was removed.
	Active time.Time
	// After is the cursor that the last page of the list ended with.
	After string
	// Limit is within 1..200; zero means 50.
	Limit int
}

func (f DutyFilter) condition() (condition, error) {
	var c condition
	c.equal("schedule", f.Schedule)
	if !f.From.IsZero() {
		c.and("until_at > ?", stampOf(f.From))
	}
	if !f.Until.IsZero() {
		c.and("from_at < ?", stampOf(f.Until))
	}
	if !f.Active.IsZero() {
		c.and("until_at > ? AND removed_at IS NULL", stampOf(f.Active))
	}
	return c, c.after("from_at", "id", f.After)
}

// Overrides lists overrides by when they begin, and the cursor of what comes
// next, which is empty at the end. A cursor that was not made here is Invalid.
func (s *Store) Overrides(ctx context.Context, f DutyFilter) ([]Override, string, error) {
	c, err := f.condition()
	if err != nil {
		return nil, "", err
	}
	if f.Person != "" {
		c.and("(person = ? OR of_person = ? OR made_by = ?)", f.Person, f.Person, f.Person)
	}
	rows, next, err := part[overrideRow]{
		what: "list overrides", args: c.args, limit: f.Limit, cursor: func(r overrideRow) string { return timeCursor(r.From, r.ID) },
		query: `SELECT ` + overrideColumns + ` FROM overrides` + c.where() + ` ORDER BY from_at, id`,
	}.read(ctx, s)
	return each(rows, overrideRow.override), next, err
}

// stood is a condition that a row had an effect behind a moment.
const stood = `until_at > $1 AND (removed_at IS NULL OR removed_at > from_at AND removed_at > $1)`

// readOverrides adds what holds behind a moment, in the order in which it was
// made. What was removed holds until then.
func (s *Store) readOverrides(ctx context.Context, o *catalog.Overlay, behind time.Time) error {
	rows, err := list[overrideRow](ctx, s,
		`SELECT `+overrideColumns+` FROM overrides WHERE `+stood+` ORDER BY made_at, id`, stampOf(behind))
	for _, row := range rows {
		held := row.override()
		held.Until = cutOff(held.Until, held.Removed)
		o.Overrides = append(o.Overrides, held.Override)
	}
	return failed(err, "read overrides")
}

// cutOff returns when something that was to last until a time ended, as it may
// have been removed before.
func cutOff(until, removed time.Time) time.Time {
	if !removed.IsZero() && removed.Before(until) {
		return removed
	}
	return until
}
