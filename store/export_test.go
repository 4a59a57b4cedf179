package store

// Known reports whether a catalog was read, without having it read.
func Known(c *Catalogs) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current != nil
}
