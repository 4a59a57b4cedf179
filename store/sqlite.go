package store

import (
	"context"
	"net/url"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver, under the name "sqlite"

	"github.com/tocsinhq/tocsin/incident"
)

// readers bounds the connections that read a file beside the one that writes.
const readers = 8

// openSQLite opens a file, or memory.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, incident.Errorf(incident.Invalid, "the database needs a path: sqlite:PATH")
	}
	w, err := connectSQLite(ctx, path)
	if err != nil {
		return nil, incident.Errorf(incident.Invalid,
			"open the SQLite database %s: is its folder there, and writable? %w", path, err)
	}
	w.SetMaxOpenConns(1)
	s := &Store{dialect: SQLite, db: w, w: w}
	if path == ":memory:" {
		// Each connection to memory is a database of its own.
		w.SetConnMaxLifetime(0)
		w.SetMaxIdleConns(1)
		return s, nil
	}
	if s.db, err = connectSQLite(ctx, path); err != nil {
		return nil, failed(err, "open the SQLite database "+path)
	}
	s.db.SetMaxOpenConns(readers)
	s.db.SetMaxIdleConns(readers)
	return s, nil
}

func connectSQLite(ctx context.Context, path string) (*sqlx.DB, error) {
	query := url.Values{
		// Write transactions take the lock when they begin: one that began by
		// reading could not take it later without being refused.
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)",
			"journal_mode(WAL)",
			"foreign_keys(1)",
			// With NORMAL a commit survives the death of any process; a power
			// cut may take the last ones back. That is what the Temporal file
			// beside it does too, numbers that went back are mended by
			// Renumber, and FULL costs a disk flush on the way of each page.
			// Who must not lose a second to a power cut runs PostgreSQL.
			"synchronous(NORMAL)",
		},
	}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query.Encode()}).String()
	db, err := sqlx.Open(SQLite, name)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		_ = db.Close() // the reason is the answer to the ping
		return nil, err
	}
	return db, nil
}
