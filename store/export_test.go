package store

import "github.com/tocsinhq/tocsin/catalog"

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
