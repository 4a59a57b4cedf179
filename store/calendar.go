package store

import (
	"context"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// Calendar is a feed of shifts: those of one person, or those of one schedule.
// Its address holds a secret, of which the store keeps the SHA-256.
type Calendar struct {
	ID string
	// Owner made it, and only they may read of it.
	Owner    string
	Person   string
	Schedule string
	Hash     string
	Made     time.Time
	Rotated  time.Time
	Revoked  time.Time
}

// maxCalendars bounds the feeds of one owner that are not revoked.
const maxCalendars = 50

type calendarRow struct {
	ID       string `db:"id"`
	Owner    string `db:"owner"`
	Person   string `db:"person"`
	Schedule string `db:"schedule"`
	Hash     string `db:"hash"`
	Made     stamp  `db:"made_at"`
	Rotated  stamp  `db:"rotated_at"`
	Revoked  stamp  `db:"revoked_at"`
}

func (r calendarRow) calendar() Calendar {
	return Calendar{
		ID: r.ID, Owner: r.Owner, Person: r.Person, Schedule: r.Schedule, Hash: r.Hash,
		Made: r.Made.Time(), Rotated: r.Rotated.Time(), Revoked: r.Revoked.Time(),
	}
}

const calendarColumns = `id, owner, person, schedule, hash, made_at, rotated_at, revoked_at`

// CreateCalendar keeps a feed. It is Refused when its owner has too many.
func (s *Store) CreateCalendar(ctx context.Context, c Calendar) error {
	return s.write(ctx, "make a calendar feed", func(tx *sqlx.Tx) error {
		var there int
		err := tx.GetContext(ctx, &there, tx.Rebind(
			`SELECT COUNT(*) FROM calendars WHERE owner = ? AND revoked_at IS NULL`), c.Owner)
		if err != nil {
			return err
		}
		if there >= maxCalendars {
			return incident.Errorf(incident.Refused, "%s has %d calendar feeds: revoke one first", c.Owner, there)
		}
		_, err = tx.NamedExecContext(ctx, `
			INSERT INTO calendars (`+calendarColumns+`)
			VALUES (:id, :owner, :person, :schedule, :hash, :made_at, :rotated_at, :revoked_at)`, calendarRow{
			ID: c.ID, Owner: c.Owner, Person: c.Person, Schedule: c.Schedule, Hash: c.Hash, Made: stampOf(c.Made),
		})
		return err
	})
}

// Calendars lists the feeds of an owner, also those that were revoked, the
// newest first.
func (s *Store) Calendars(ctx context.Context, owner string) ([]Calendar, error) {
	rows, err := list[calendarRow](ctx, s, `
		SELECT `+calendarColumns+` FROM calendars WHERE owner = $1 ORDER BY made_at DESC, id LIMIT $2`, owner, maxLimit)
	return each(rows, calendarRow.calendar), failed(err, "list calendar feeds")
}

// CalendarByHash returns the feed whose secret has this SHA-256, or NotFound
// when there is none, or none any more.
func (s *Store) CalendarByHash(ctx context.Context, hash string) (Calendar, error) {
	row, err := get[calendarRow](ctx, s,
		`SELECT `+calendarColumns+` FROM calendars WHERE hash = $1 AND revoked_at IS NULL`, hash)
	return row.calendar(), failed(err, "look a calendar feed up")
}

// RotateCalendar gives a feed of an owner another secret, and is NotFound when
// they have no such feed that is not revoked.
func (s *Store) RotateCalendar(ctx context.Context, c Calendar) (Calendar, error) {
	found, err := s.exec(ctx, "rotate a calendar feed",
		`UPDATE calendars SET hash = $1, rotated_at = $2 WHERE id = $3 AND owner = $4 AND revoked_at IS NULL`,
		c.Hash, stampOf(c.Rotated), c.ID, c.Owner)
	if err == nil && found == 0 {
		err = incident.Errorf(incident.NotFound, "%s has no calendar feed %s", c.Owner, c.ID)
	}
	if err != nil {
		return Calendar{}, err
	}
	row, err := get[calendarRow](ctx, s, `SELECT `+calendarColumns+` FROM calendars WHERE id = $1`, c.ID)
	return row.calendar(), failed(err, "read a calendar feed")
}

// RevokeCalendar ends a feed of an owner, and is NotFound when they have no
// such feed that is not revoked.
func (s *Store) RevokeCalendar(ctx context.Context, owner, id string, at time.Time) error {
	found, err := s.exec(ctx, "revoke a calendar feed",
		`UPDATE calendars SET revoked_at = $1 WHERE id = $2 AND owner = $3 AND revoked_at IS NULL`, stampOf(at), id, owner)
	if err == nil && found == 0 {
		return incident.Errorf(incident.NotFound, "%s has no calendar feed %s", owner, id)
	}
	return err
}
