package store

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// The dialects of SQL that a Store speaks.
const (
	Postgres = "postgres"
	SQLite   = "sqlite"
)

// Store is a database of Tocsin's. Its methods may be called from several
// goroutines, and several processes may have the same database open. A
// method that reads or writes returns when its context is over, whatever the
// database does; only Migrate waits for it.
type Store struct {
	dialect string
	// SQLite has one writer at a time: writes queue for the single connection
	// of w, in order, while db reads. On PostgreSQL both are the same pool.
	db *sqlx.DB
	w  *sqlx.DB
	// changes counts what this process changed in the catalog in force, so
	// that it sees its own changes at once.
	changes atomic.Int64
}

// Open returns the database that dsn names:
//
//	sqlite:PATH               a file, made when it is not there
//	sqlite::memory:           a database that ends with the Store
//	postgres://USER:PASSWORD@HOST/NAME
//
// A file is opened at once, so that a wrong path is told here. A server need
// not answer yet: ask Ping. The error, of kind Invalid or Unavailable, never
// holds the dsn, which may contain a password.
func Open(ctx context.Context, dsn string) (*Store, error) {
	scheme, rest, found := strings.Cut(dsn, ":")
	switch {
	case found && scheme == SQLite:
		return openSQLite(ctx, rest)
	case found && (scheme == Postgres || scheme == "postgresql"):
		return openPostgres(dsn)
	}
	return nil, incident.Errorf(incident.Invalid,
		"the database must be sqlite:PATH, sqlite::memory: or postgres://USER:PASSWORD@HOST/NAME")
}

// Ping reports whether the database answers; if not, the error is of kind
// Unavailable.
func (s *Store) Ping(ctx context.Context) error {
	_, err := patiently(ctx, func() (struct{}, error) { return struct{}{}, s.db.PingContext(ctx) })
	return failed(err, "reach the database")
}

// Close ends all connections. The Store must not be used afterwards.
func (s *Store) Close() error {
	if s.w == s.db {
		return s.db.Close()
	}
	return errors.Join(s.w.Close(), s.db.Close())
}
