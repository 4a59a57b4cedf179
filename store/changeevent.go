package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/changes"
)

type changeRow struct {
	Source   string `db:"source"`
	ID       string `db:"id"`
	Service  string `db:"service"`
	Kind     string `db:"kind"`
	At       stamp  `db:"at"`
	Reported stamp  `db:"reported_at"`
	Doc      string `db:"doc"`
}

const changeColumns = `source, id, service, kind, at, reported_at, doc`

func (r changeRow) cursor() string { return timeCursor(r.At, r.Source+"/"+r.ID+"/"+r.Service) }

// AddChange keeps a change event that was reported at a time, and returns it as
// it is kept, and whether it is new: the first report of one counts.
func (s *Store) AddChange(ctx context.Context, c changes.Change, reported time.Time) (kept changes.Change, added bool, err error) {
	n, err := s.exec(ctx, "keep a change", `
		INSERT INTO change_events (`+changeColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		c.Source, c.ID, c.Service, string(c.Kind), stampOf(c.At), stampOf(reported), encode(c))
	if n > 0 || err != nil {
		return c, n > 0, err
	}
	row, err := get[changeRow](ctx, s, `
		SELECT `+changeColumns+` FROM change_events WHERE source = $1 AND id = $2 AND service = $3`, c.Source, c.ID, c.Service)
	if err != nil {
		return c, false, failed(err, "read a change that is kept")
	}
	if first := readable([]changeRow{row}); len(first) > 0 {
		return first[0], false, nil
	}
	return c, false, nil
}

// ChangeFilter narrows ChangeEvents; what is empty does not narrow.
type ChangeFilter struct {
	// Services are those of which one was changed.
	Services []string
	Kind     changes.Kind
	Source   string
	// Since and Until are when it took effect: in [Since, Until).
	Since, Until time.Time
	Cursor       string
	Limit        int
}

// ChangeEvents lists change events, the newest first, and the cursor of what
// comes next, which is empty at the end. A cursor that was not made here is
// Invalid.
func (s *Store) ChangeEvents(ctx context.Context, f ChangeFilter) ([]changes.Change, string, error) {
	var c condition
	oneOf(&c, "service", f.Services)
	c.equal("kind", string(f.Kind))
	c.equal("source", f.Source)
	if !f.Since.IsZero() {
		c.and("at >= ?", stampOf(f.Since))
	}
	if !f.Until.IsZero() {
		c.and("at < ?", stampOf(f.Until))
	}
	const unique = `(source || '/' || id || '/' || service)`
	if err := c.before("at", unique, f.Cursor); err != nil {
		return nil, "", err
	}
	rows, next, err := part[changeRow]{
		what: "list changes", args: c.args, limit: f.Limit, cursor: changeRow.cursor,
		query: `SELECT ` + changeColumns + ` FROM change_events` + c.where() + ` ORDER BY at DESC, ` + unique + ` DESC`,
	}.read(ctx, s)
	return readable(rows), next, err
}

// reportedSince lists the changes that were reported at a time or later and
// took effect at another or later: the newest, at most limit of them.
func (s *Store) reportedSince(ctx context.Context, reported, effect time.Time, limit int) ([]changes.Change, error) {
	rows, err := list[changeRow](ctx, s, `
		SELECT `+changeColumns+` FROM change_events WHERE reported_at >= ? AND at >= ? ORDER BY at DESC LIMIT ?`,
		stampOf(reported), stampOf(effect), limit)
	return readable(rows), failed(err, "list the latest changes")
}

func readable(rows []changeRow) []changes.Change {
	var out []changes.Change
	for _, row := range rows {
		if c, ok := unpack[changes.Change](row.Doc, "change", row.ID); ok {
			out = append(out, c)
		}
	}
	return out
}
