package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Catalogs gives the catalog in force to everything that pages. It reads the
// store every other second at most, and keeps the last good one for the time
// when the store is away: a look-up that fails must never count as nobody.
type Catalogs struct {
	store *Store

	mu      sync.Mutex
	current *catalog.Catalog
	version int
	checked time.Time
}

const (
	// catalogFresh is how old an answer may be.
	catalogFresh = 2 * time.Second
	// catalogPatience is how long a look-up waits for the store before it uses
	// the last good catalog.
	catalogPatience = 300 * time.Millisecond
)

// NewCatalogs returns the catalogs of a store. Nothing is read yet.
func NewCatalogs(s *Store) *Catalogs { return &Catalogs{store: s} }

// Current returns the catalog in force, or the last good one. The error, of
// kind Unavailable or NotFound, comes only when there never was one.
func (c *Catalogs) Current(ctx context.Context) (*catalog.Catalog, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil && time.Since(c.checked) < catalogFresh {
		return c.current, nil
	}
	err := c.refresh(ctx)
	c.checked = time.Now()
	if c.current == nil {
		return nil, err
	}
	if err != nil {
		slog.Warn("the catalog cannot be read; using the last good one", "version", c.version, "error", err)
	}
	return c.current, nil
}

// refresh reads the catalog when its version has changed.
func (c *Catalogs) refresh(ctx context.Context) error {
	if c.current != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, catalogPatience)
		defer cancel()
		version, err := c.store.CatalogVersion(ctx)
		if err != nil || version == c.version {
			return err
		}
	}
	current, version, err := c.store.CurrentCatalog(ctx)
	if err != nil {
		return err
	}
	if current == nil {
		return incident.Errorf(incident.NotFound, "there is no catalog yet; apply one with tocsin catalog apply")
	}
	c.current, c.version = current, version
	return nil
}
