package api

import (
	"context"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// present reports whether the catalog in force, or the last good one, has a
// person or a machine. While there never was one everybody is: somebody has to
// apply the first, and a database that is away must keep nobody from an
// incident.
func (s *server) present(ctx context.Context, who incident.Actor) bool {
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	c, err := s.Catalogs.Current(ctx)
	return err != nil || has(c, who)
}

func has(c *catalog.Catalog, who incident.Actor) bool {
	if who.Kind == incident.APerson {
		_, ok := c.Person(who.ID)
		return ok
	}
	_, ok := c.Machine(who.ID)
	return ok
}

// absent refuses who is not present.
func absent(who incident.Actor) error {
	return incident.Errorf(incident.Forbidden, "the %s %s is not in the catalog in force: ask an administrator to add them, or use another token", who.Kind, who.ID)
}

// ended reports whether somebody who was let in may stay no longer.
func (s *server) ended(ctx context.Context, i identity) bool {
	return s.auth.revoked(ctx, i) || !s.present(ctx, i.actor())
}
