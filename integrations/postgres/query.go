package postgres

import (
	"context"
	"database/sql"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

const (
	// maxCell and maxText bound one value, and all of them together, in bytes.
	maxCell = 1000
	maxText = 24 << 10
	// maxColumns is how many columns are brought.
	maxColumns = 20
)

// Query makes a statement that only reads, in a read-only transaction, and
// brings its first rows as text. It fails with Unavailable when the database
// does not answer, Forbidden when it does not allow it, Refused and Conflict
// when it took too long.
func (s *System) Query(ctx context.Context, r systems.SQLRequest) (systems.SQLRows, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.SQLRows{}, err
	}
	if a.Changes {
		return systems.SQLRows{}, incident.Errorf(incident.Invalid, "%s changes something: it is no reading", r.Statement)
	}
	out, err := s.query(ctx, a)
	return out, s.failure(ctx, err)
}

func (s *System) query(ctx context.Context, a asked) (systems.SQLRows, error) {
	l, err := s.open(ctx)
	if err != nil {
		return systems.SQLRows{}, err
	}
	defer l.close()
	tx, err := s.begin(ctx, l, true, application("reads"))
	if err != nil {
		return systems.SQLRows{}, err
	}
	defer func() { _ = tx.Rollback() }()
	// Prepared, so that it is one statement; ended early, so that rows which
	// nobody wants are not sent.
	enough, stop := context.WithCancel(ctx)
	defer stop()
	statement, err := tx.PrepareContext(ctx, a.SQL)
	if err != nil {
		return systems.SQLRows{}, err
	}
	defer func() { _ = statement.Close() }()
	rows, err := statement.QueryContext(enough, a.args()...)
	if err != nil {
		return systems.SQLRows{}, err
	}
	defer func() { _ = rows.Close() }()
	out, err := s.collect(rows)
	stop()
	return out, err
}

func (a asked) args() []any {
	args := make([]any, len(a.values))
	for n, v := range a.values {
		args[n] = v
	}
	return args
}

func (s *System) collect(rows *sql.Rows) (systems.SQLRows, error) {
	columns, err := rows.Columns()
	if err != nil {
		return systems.SQLRows{}, err
	}
	out := systems.SQLRows{Columns: columns[:min(len(columns), maxColumns)], Cut: len(columns) > maxColumns}
	size := 0
	for rows.Next() {
		if len(out.Rows) == s.config.MaxRows || size >= maxText {
			out.More = true
			return out, nil
		}
		row, err := scan(rows, len(columns))
		if err != nil {
			return out, err
		}
		for n, value := range row[:len(out.Columns)] {
			text, cut := printable(value, min(maxCell, maxText-size))
			out.Cut = out.Cut || cut
			row[n] = text
			size += len(text)
		}
		out.Rows = append(out.Rows, row[:len(out.Columns)])
	}
	return out, rows.Err()
}

func scan(rows *sql.Rows, columns int) ([]string, error) {
	values, into := make([]sql.NullString, columns), make([]any, columns)
	for n := range values {
		into[n] = &values[n]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	out := make([]string, columns)
	for n, v := range values {
		out[n] = v.String
		if !v.Valid {
			out[n] = "NULL"
		}
	}
	return out, nil
}

// printable is the beginning of a value as people can read it, and whether it was cut.
func printable(value string, most int) (text string, cut bool) {
	value = strings.ToValidUTF8(value, "\uFFFD")
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, value)
	if len(value) <= most {
		return value, false
	}
	end := max(0, most)
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "…", true
}
