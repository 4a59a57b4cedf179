package store

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Catalogs gives the catalog in force, with the overlay on top, to everything
// that pages. It reads the store every other second at most, off the way of
// those who ask, and keeps the last good one for the time when the store is
// away or hangs: a look-up that fails must never count as nobody.
type Catalogs struct {
	store *Store
	// declared is the current catalog without its overlay, and known what both
	// are made of. Only a read touches them, and there is one at a time.
	declared *catalog.Catalog
	known    versions

	mu      sync.Mutex
	current *catalog.Catalog
	err     error
	// seen are the store's own changes at the time of the last read.
	seen int64
	// tried is when the last read began.
	tried time.Time
	// reading is closed when the read under way has ended; nil when none is.
	reading chan struct{}
}

const (
	// catalogFresh is how old an answer may be before the store is read.
	catalogFresh = 2 * time.Second
	// catalogStale is when a look-up waits for that: nobody has asked for a
	// while, and the catalog may be long out of force.
	catalogStale = 4 * time.Second
	// catalogPatience is how long such a look-up waits before it uses the
	// last good catalog.
	catalogPatience = 300 * time.Millisecond
	// catalogKept is how often Keep looks: a change is in force everywhere
	// within five seconds, also where nobody asks.
	catalogKept = 2 * time.Second
	// catalogReads bounds one read. It is shorter than catalogStale: while the
	// store hangs, those who ask all the time never wait.
	catalogReads = 3 * time.Second
)

// NewCatalogs returns the catalogs of a store. Nothing is read yet.
func NewCatalogs(s *Store) *Catalogs { return &Catalogs{store: s} }

// Current returns the catalog in force, or the last good one: at once when
// somebody asked a moment ago, else within 300 ms. What was changed through the
// same Store is in it, unless that takes longer. The error, of kind
// Unavailable or NotFound, comes only when there never was one.
func (c *Catalogs) Current(ctx context.Context) (*catalog.Catalog, error) {
	current, stale, reading := c.look(ctx)
	switch {
	case current != nil && !stale:
		return current, nil
	case current != nil:
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, catalogPatience)
		defer cancel()
	}
	select {
	case <-reading:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.current != nil:
		return c.current, nil
	case c.err != nil:
		return nil, c.err
	}
	return nil, incident.Errorf(incident.Unavailable, "read the catalog: %w", ctx.Err())
}

// Keep has the catalog read every other second until ctx ends: a process that
// was not asked for it yet must know one when the store goes away.
func (c *Catalogs) Keep(ctx context.Context) {
	for ctx.Err() == nil {
		wait := catalogKept
		if _, err := c.Current(ctx); err != nil {
			wait = time.Second
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
	}
}

// look returns what is known, and sees to it that the store is read when that
// is not fresh. Somebody waits for the read when there is nothing else.
func (c *Catalogs) look(ctx context.Context) (current *catalog.Catalog, stale bool, reading <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	age, changes := time.Since(c.tried), c.store.changes.Load()
	stale = age >= catalogStale || c.seen != changes
	if c.reading == nil && (c.current == nil || age >= catalogFresh || stale) {
		c.tried, c.seen, c.reading = time.Now(), changes, make(chan struct{})
		go c.read(context.WithoutCancel(ctx), c.reading)
	}
	return c.current, stale, c.reading
}

// read asks the store once and tells those who wait.
func (c *Catalogs) read(ctx context.Context, done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(ctx, catalogReads)
	defer cancel()
	latest, err := c.latest(ctx)
	if err != nil && c.declared != nil {
		slog.Warn("the catalog cannot be read; using the last good one", "version", c.known.Catalog, "error", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err, c.reading = err, nil
	if latest != nil {
		c.current = latest
	}
}

// latest returns the catalog in force, or nil when it is the known one.
func (c *Catalogs) latest(ctx context.Context) (*catalog.Catalog, error) {
	now, err := c.store.versions(ctx)
	if err != nil || c.declared != nil && now == c.known {
		return nil, err
	}
	declared := c.declared
	if declared == nil || declared.Version != now.Catalog {
		if declared, _, err = c.store.CurrentCatalog(ctx); err != nil {
			return nil, err
		}
	}
	overlay, err := c.store.Overlay(ctx)
	if err != nil {
		return nil, err
	}
	c.declared, c.known = declared, versions{Catalog: declared.Version, Overlay: overlay.Version}
	return declared.With(overlay), nil
}
