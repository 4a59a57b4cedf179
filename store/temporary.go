package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Temporary is a temporary schedule with its story. One that was removed held
// until then.
type Temporary struct {
	oncall.Temporary
	Made      time.Time
	Removed   time.Time
	RemovedBy string
}

type temporaryRow struct {
	ID        string `db:"id"`
	Schedule  string `db:"schedule"`
	Rotation  string `db:"rotation"`
	From      stamp  `db:"from_at"`
	Until     stamp  `db:"until_at"`
	Shifts    string `db:"shifts"`
	Reason    string `db:"reason"`
	Made      stamp  `db:"made_at"`
	By        string `db:"made_by"`
	Removed   stamp  `db:"removed_at"`
	RemovedBy string `db:"removed_by"`
}

func (r temporaryRow) temporary() (Temporary, bool) {
	shifts, ok := unpack[[]oncall.FixedShift](r.Shifts, "temporaries", r.ID)
	return Temporary{
		Temporary: oncall.Temporary{
			ID: r.ID, Schedule: r.Schedule, Rotation: r.Rotation, From: r.From.Time(), Until: r.Until.Time(),
			Shifts: shifts, Reason: r.Reason, By: r.By,
		},
		Made: r.Made.Time(), Removed: r.Removed.Time(), RemovedBy: r.RemovedBy,
	}, ok
}

const temporaryColumns = `id, schedule, rotation, from_at, until_at, shifts, reason, made_at, made_by, removed_at, removed_by`

// AddTemporary keeps a temporary schedule. It is Refused when its schedule has
// too many that are not over.
func (s *Store) AddTemporary(ctx context.Context, t Temporary) error {
	shifts, err := json.Marshal(t.Shifts)
	if err != nil {
		return err
	}
	return s.change(ctx, "add a temporary schedule", func(tx *sqlx.Tx) error {
		if err := room(ctx, tx, "temporaries", t.Schedule, t.Made); err != nil {
			return err
		}
		_, err := tx.NamedExecContext(ctx, `
			INSERT INTO temporaries (`+temporaryColumns+`)
			VALUES (:id, :schedule, :rotation, :from_at, :until_at, :shifts, :reason, :made_at, :made_by, :removed_at, :removed_by)`,
			temporaryRow{
				ID: t.ID, Schedule: t.Schedule, Rotation: t.Rotation, From: stampOf(t.From), Until: stampOf(t.Until),
				Shifts: string(shifts), Reason: t.Reason, Made: stampOf(t.Made), By: t.By,
			})
		return err
	})
}

// Temporary returns one temporary schedule, also one that was removed, or
// NotFound.
func (s *Store) Temporary(ctx context.Context, id string) (Temporary, error) {
	row, err := get[temporaryRow](ctx, s, `SELECT `+temporaryColumns+` FROM temporaries WHERE id = $1`, id)
	if err != nil {
		return Temporary{}, failed(err, "read temporary schedule "+id)
	}
	out, _ := row.temporary()
	return out, nil
}

// RemoveTemporary ends a temporary schedule. It is NotFound when there is none
// of that id that is not over.
func (s *Store) RemoveTemporary(ctx context.Context, id, by string, at time.Time) error {
	return s.remove(ctx, "temporaries", id, by, at)
}

// Temporaries lists temporary schedules by when they begin, and the cursor of
// what comes next, which is empty at the end. A cursor that was not made here
// is Invalid.
func (s *Store) Temporaries(ctx context.Context, f DutyFilter) ([]Temporary, string, error) {
	c, err := f.condition()
	if err != nil {
		return nil, "", err
	}
	if f.Person != "" {
		// Ids hold no quotes, and the names in shifts stand in them.
		c.and(`(made_by = ? OR shifts LIKE ? ESCAPE '\')`, f.Person, `%"person":"`+literal(f.Person)+`"%`)
	}
	rows, next, err := part[temporaryRow]{
		what: "list temporary schedules", args: c.args, limit: f.Limit, cursor: func(r temporaryRow) string { return timeCursor(r.From, r.ID) },
		query: `SELECT ` + temporaryColumns + ` FROM temporaries` + c.where() + ` ORDER BY from_at, id`,
	}.read(ctx, s)
	return each(rows, func(r temporaryRow) Temporary {
		out, _ := r.temporary()
		return out
	}), next, err
}

func (s *Store) readTemporaries(ctx context.Context, o *catalog.Overlay, behind time.Time) error {
	rows, err := list[temporaryRow](ctx, s,
		`SELECT `+temporaryColumns+` FROM temporaries WHERE `+stood+` ORDER BY made_at, id`, stampOf(behind))
	for _, row := range rows {
		held, ok := row.temporary()
		if !ok {
			continue
		}
		held.Until = cutOff(held.Until, held.Removed)
		o.Temporary = append(o.Temporary, held.Temporary)
	}
	return failed(err, "read temporary schedules")
}
