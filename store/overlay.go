package store

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/catalog"
)

// overlayPast is how long ago what the overlay holds may have ended: it is for
// those who ask about now, with a margin for clocks that differ.
const overlayPast = time.Hour

// versions says which catalog is in force, and how often its overlay changed.
type versions struct {
	Catalog int   `db:"catalog"`
	Overlay int64 `db:"overlay"`
}

// versions reads both at once.
func (s *Store) versions(ctx context.Context) (versions, error) {
	v, err := get[versions](ctx, s, `
		SELECT (SELECT COALESCE(MAX(version), 0) FROM catalogs) AS catalog, overlay FROM counters WHERE id = 1`)
	return v, failed(err, "read the catalog's version")
}

// OverlayVersion returns how often the overlay was changed.
func (s *Store) OverlayVersion(ctx context.Context) (int64, error) {
	v, err := s.versions(ctx)
	return v.Overlay, err
}

// Overlay returns what people changed day by day, as far as it matters now or
// later. Its version is read first: what is changed meanwhile may be in it, and
// makes the version outdated.
func (s *Store) Overlay(ctx context.Context) (catalog.Overlay, error) {
	version, err := s.OverlayVersion(ctx)
	if err != nil {
		return catalog.Overlay{}, err
	}
	out := catalog.Overlay{Version: version}
	behind := time.Now().Add(-overlayPast)
	if err := s.readOverrides(ctx, &out, behind); err != nil {
		return catalog.Overlay{}, err
	}
	if err := s.readTemporaries(ctx, &out, behind); err != nil {
		return catalog.Overlay{}, err
	}
	for _, read := range []func(context.Context, *catalog.Overlay) error{
		s.readContacts, s.readVerified, s.readRules, s.readSplits, s.readSilences,
	} {
		if err := read(ctx, &out); err != nil {
			return catalog.Overlay{}, err
		}
	}
	return out, nil
}

// change runs f in a transaction that also counts a change of the overlay. f
// comes first: whoever takes in alerts waits for the counters.
func (s *Store) change(ctx context.Context, what string, f func(tx *sqlx.Tx) error) error {
	err := s.write(ctx, what, func(tx *sqlx.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE counters SET overlay = overlay + 1 WHERE id = 1`)
		return err
	})
	if err == nil {
		s.changes.Add(1)
	}
	return err
}

// unpack reads a JSON column. A row that cannot be read is left out, with a
// line in the log: it must not keep all the others from being in force.
func unpack[T any](text, what, id string) (T, bool) {
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		slog.Error("a row cannot be read and has no effect", "of", what, "id", id, "error", err)
		return out, false
	}
	return out, true
}
