package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/tocsinhq/tocsin/incident"
)

// rowsAtOnce bounds the rows of one statement: both databases bound its
// parameters.
const rowsAtOnce = 500

// tries is how often a transaction is run when PostgreSQL ends it because it
// and another one were in each other's way.
const tries = 3

// write runs f in a transaction of its own; what says what it is for. f may
// run again, and must not rely on what an earlier run of it left. After an
// error it may still run for a while: what it sets must not be read.
func (s *Store) write(ctx context.Context, what string, f func(tx *sqlx.Tx) error) error {
	_, err := patiently(ctx, func() (struct{}, error) {
		var err error
		for range tries {
			if err = s.transact(ctx, f); !collided(err) {
				break
			}
		}
		return struct{}{}, err
	})
	return failed(err, what)
}

func (s *Store) transact(ctx context.Context, f func(tx *sqlx.Tx) error) error {
	tx, err := s.w.BeginTxx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // what went wrong first is the answer
		return err
	}
	return tx.Commit()
}

// collided reports a deadlock or a serialisation failure.
func collided(err error) bool {
	e, ok := errors.AsType[*pq.Error](err)
	return ok && strings.HasPrefix(string(e.Code), "40")
}

// exec runs one writing statement by itself and returns how many rows it
// changed.
func (s *Store) exec(ctx context.Context, what, query string, args ...any) (int64, error) {
	n, err := patiently(ctx, func() (int64, error) {
		result, err := s.w.ExecContext(ctx, query, args...)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	})
	return n, failed(err, what)
}

// changed passes err on, and is otherwise none when a statement changed no row.
func changed(result sql.Result, err, none error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		return none
	}
	return err
}

// insert writes rows, each a struct with db tags, through a named statement
// with VALUES, whatever their texts are.
func insert[T any](ctx context.Context, tx *sqlx.Tx, statement string, rows []T) error {
	all := make([]T, len(rows))
	for n, row := range rows {
		all[n] = plainly(row)
	}
	for part := range slices.Chunk(all, rowsAtOnce) {
		if _, err := tx.NamedExecContext(ctx, statement, part); err != nil {
			return err
		}
	}
	return nil
}

// tuples returns "(?,?),(?,?)": n rows of so many columns. Question marks
// cost SQLite no search; Rebind numbers them for PostgreSQL.
func tuples(n, columns int) string {
	row := "(" + strings.Repeat(",?", columns)[1:] + ")"
	return strings.Repeat(","+row, n)[1:]
}

// literal returns a text for LIKE ... ESCAPE '\', in which nothing stands for
// anything else.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
}

// failed gives err the kind it deserves and says what was being done; nil
// stays nil.
func failed(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case incident.KindOf(err) != "":
		return err
	case errors.Is(err, sql.ErrNoRows):
		return incident.Errorf(incident.NotFound, "%s: there is none: %w", what, err)
	case away(err):
		return incident.Errorf(incident.Unavailable, "%s: the database is away or busy: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// away reports whether err says that the database does not answer now.
func away(err error) bool {
	if e, ok := errors.AsType[*pq.Error](err); ok {
		return awayPostgres(string(e.Code))
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return awaySQLite(e.Code() & 0xff)
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return slices.ContainsFunc([]error{
		driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, syscall.ECONNREFUSED,
		context.DeadlineExceeded, context.Canceled, sql.ErrTxDone,
	}, func(target error) bool { return errors.Is(err, target) })
}

// awayPostgres knows the classes for lost connections, lack of resources,
// operators at work, and rollbacks of transactions that were in each other's
// way.
func awayPostgres(code string) bool {
	if len(code) != 5 {
		return false
	}
	return slices.Contains([]string{"08", "40", "53", "57"}, code[:2]) || code == "55P03" || code == "25P03"
}

// awaySQLite knows BUSY, LOCKED, INTERRUPT, IOERR and FULL.
func awaySQLite(code int) bool {
	return slices.Contains([]int{5, 6, 9, 10, 13}, code)
}

// asNumber is how both databases keep a yes or no.
func asNumber(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
