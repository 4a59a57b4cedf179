package store

import (
	"context"

	"github.com/tocsinhq/tocsin/catalog"
)

// Known reports whether a catalog was read, without having it read.
func Known(c *Catalogs) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current != nil
}

// Peek returns the catalog that was read, without having it read.
func Peek(c *Catalogs) *catalog.Catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// MigrateTo is Migrate, up to the version that another release stopped at.
func (s *Store) MigrateTo(ctx context.Context, version int64) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	_, err = p.UpTo(ctx, version)
	return err
}

// Exec runs a statement with question marks.
func (s *Store) Exec(ctx context.Context, statement string, args ...any) error {
	_, err := s.exec(ctx, "run a statement of another release", s.w.Rebind(statement), args...)
	return err
}
