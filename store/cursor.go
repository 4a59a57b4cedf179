package store

import (
	"context"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
)

// Bounds of what a list answers at once.
const (
	defaultLimit = 50
	maxLimit     = 200
)

// limited returns a limit within 1..200; zero means 50.
func limited(limit int) int {
	if limit <= 0 {
		return defaultLimit
	}
	return min(limit, maxLimit)
}

// cursorOf makes the opaque text by which a list goes on after a row. It
// holds the row's place in the order and no count, so that rows that come and
// go meanwhile move nothing.
func cursorOf(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "\x00")))
}

// readCursor is the reverse of cursorOf; the error is of kind Invalid.
func readCursor(cursor string, parts int) ([]string, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !utf8.Valid(text) {
		return nil, incident.Errorf(incident.Invalid, "the cursor was not made here: begin without one")
	}
	out := strings.Split(string(text), "\x00")
	if len(out) != parts {
		return nil, incident.Errorf(incident.Invalid, "the cursor belongs to another list: begin without one")
	}
	return out, nil
}

// timeCursor makes the cursor of a list that is ordered by a time and then a
// text that is unique.
func timeCursor(at stamp, id string) string {
	return cursorOf(at.Time().Format(time.RFC3339Nano), id)
}

func cursorTime(text string) (stamp, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return stamp{}, incident.Errorf(incident.Invalid, "the cursor was not made here: begin without one")
	}
	return stampOf(t), nil
}

// part is one part of a list, and how it is read.
type part[R any] struct {
	what string
	// query is complete but for its limit.
	query string
	args  []any
	// limit is within 1..200; zero means 50.
	limit int
	// cursor is that of what comes behind a row.
	cursor func(R) string
}

// read returns the rows and the cursor of what comes next, which is empty at
// the end.
func (p part[R]) read(ctx context.Context, s *Store) ([]R, string, error) {
	limit := limited(p.limit)
	rows, err := list[R](ctx, s, p.query+` LIMIT ?`, append(p.args, limit+1)...)
	if err != nil {
		return nil, "", failed(err, p.what)
	}
	rows, next := cut(rows, limit, p.cursor)
	return rows, next, nil
}

// each returns what f makes of the rows.
func each[R, T any](rows []R, f func(R) T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		out[i] = f(row)
	}
	return out
}

// cut takes the row that was read beyond the limit away again and returns the
// cursor of the last one that stays, or "" when there was none beyond.
func cut[T any](rows []T, limit int, cursor func(T) string) ([]T, string) {
	if len(rows) <= limit {
		return rows, ""
	}
	rows = rows[:limit]
	return rows, cursor(rows[limit-1])
}

// condition is what the WHERE clause of a list is put together from.
type condition struct {
	parts []string
	args  []any
}

// and adds a condition with its arguments, written with question marks.
func (c *condition) and(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// equal adds column = value, unless value is empty.
func (c *condition) equal(column, value string) {
	if value != "" {
		c.and(column+" = ?", value)
	}
}

// oneOf adds a condition that column has one of the values; none asks for
// nothing.
func oneOf[T ~string](c *condition, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	c.and(column+" IN "+tuples(1, len(values)), args...)
}

// after adds that a row comes behind the cursor in a list ordered by a time
// and then a text that is unique; an empty cursor asks for nothing.
func (c *condition) after(timeColumn, idColumn, cursor string) error {
	return c.beyond(timeColumn, idColumn, ">", cursor)
}

// before is after for a list with the newest first.
func (c *condition) before(timeColumn, idColumn, cursor string) error {
	return c.beyond(timeColumn, idColumn, "<", cursor)
}

func (c *condition) beyond(timeColumn, idColumn, sign, cursor string) error {
	if cursor == "" {
		return nil
	}
	parts, err := readCursor(cursor, 2)
	if err != nil {
		return err
	}
	at, err := cursorTime(parts[0])
	if err != nil {
		return err
	}
	c.and("("+timeColumn+", "+idColumn+") "+sign+" (?, ?)", at, parts[1])
	return nil
}

// where returns the clause, or nothing when all rows are wanted.
func (c *condition) where() string {
	if len(c.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.parts, " AND ")
}
