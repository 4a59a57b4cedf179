package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the database to what this release needs. It goes forward
// only, changes nothing that the previous release relies on, and may run in
// several processes at once: on PostgreSQL one waits for the other.
func (s *Store) Migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	_, err = p.Up(ctx)
	if err != nil && s.dialect == SQLite && ctx.Err() == nil {
		// SQLite has no lock that outlives a transaction: another process may
		// have done it between our look and our step. If so, nothing is left.
		_, err = p.Up(ctx)
	}
	return failed(err, "migrate the database")
}

func (s *Store) provider() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if s.dialect == SQLite {
		return goose.NewProvider(goose.DialectSQLite3, s.w.DB, files, options...)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, s.w.DB, files, append(options, goose.WithSessionLocker(locker))...)
}
