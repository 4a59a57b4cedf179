package store

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// SaveCatalog keeps c as the version after base and returns its number. It is
// all or nothing, and a Conflict when base is not the present version (0 when
// there is none): somebody else was faster.
func (s *Store) SaveCatalog(ctx context.Context, c *catalog.Catalog, base int, by string) (int, error) {
	doc, err := c.Encode()
	if err != nil {
		return 0, err
	}
	saved, err := s.exec(ctx, "save the catalog", `
		INSERT INTO catalogs (version, doc, applied_at, applied_by)
		SELECT CAST($1 AS BIGINT), $2, $3, $4
		WHERE (SELECT COALESCE(MAX(version), 0) FROM catalogs) = CAST($5 AS BIGINT)
		ON CONFLICT (version) DO NOTHING`,
		base+1, string(doc), stampOf(time.Now()), by, base)
	if err != nil {
		return 0, err
	}
	if saved == 0 {
		return 0, incident.Errorf(incident.Conflict,
			"the catalog is no longer at version %d: look at what changed and apply again", base)
	}
	s.changes.Add(1)
	return base + 1, nil
}

// CatalogVersion returns the number of the present catalog, 0 when there is
// none.
func (s *Store) CatalogVersion(ctx context.Context) (int, error) {
	version, err := get[int](ctx, s, `SELECT COALESCE(MAX(version), 0) FROM catalogs`)
	return version, failed(err, "read the catalog's version")
}

type catalogRow struct {
	Version int    `db:"version"`
	Doc     string `db:"doc"`
}

// CurrentCatalog returns the present catalog and its version, or NotFound
// when none was ever saved.
func (s *Store) CurrentCatalog(ctx context.Context) (*catalog.Catalog, int, error) {
	row, err := get[catalogRow](ctx, s, `SELECT version, doc FROM catalogs ORDER BY version DESC LIMIT 1`)
	if err != nil {
		return nil, 0, failed(err, "read the catalog")
	}
	c, err := row.catalog()
	return c, row.Version, err
}

func (r catalogRow) catalog() (*catalog.Catalog, error) {
	c, err := catalog.Decode([]byte(r.Doc))
	if err != nil {
		return nil, err
	}
	c.Version = r.Version
	return c, nil
}
