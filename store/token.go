package store

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/tocsinhq/tocsin/incident"
)

// Token lets one person or one machine use the API. Its text is known to the
// owner alone: the store keeps the SHA-256 of it.
type Token struct {
	ID string
	// Hash is the SHA-256 of the token's text, in hexadecimal.
	Hash string
	// Kind is "person" or "machine", and Owner the id of that one.
	Kind   string
	Owner  string
	Scopes []string
	// Name is what the owner calls it.
	Name string
	// Source is the only source that it may send for, and Service the one that
	// its alerts belong to; both are empty for a token that is bound to none.
	Source  string
	Service string
	// Replaces is the id of the token that it takes the place of.
	Replaces string
	Created  time.Time
	// Expires is zero for a token without an end.
	Expires  time.Time
	Revoked  time.Time
	LastUsed time.Time
}

// Valid reports whether the token opens anything at t.
func (t Token) Valid(at time.Time) bool {
	return t.Revoked.IsZero() && (t.Expires.IsZero() || at.Before(t.Expires))
}

type tokenRow struct {
	ID       string `db:"id"`
	Hash     string `db:"hash"`
	Kind     string `db:"kind"`
	Owner    string `db:"owner"`
	Scopes   string `db:"scopes"`
	Name     string `db:"name"`
	Source   string `db:"source"`
	Service  string `db:"service"`
	Replaces string `db:"replaces"`
	Created  stamp  `db:"created_at"`
	Expires  stamp  `db:"expires_at"`
	Revoked  stamp  `db:"revoked_at"`
	LastUsed stamp  `db:"last_used_at"`
}

func (r tokenRow) token() Token {
	return Token{
		ID: r.ID, Hash: r.Hash, Kind: r.Kind, Owner: r.Owner, Scopes: strings.Fields(r.Scopes), Name: r.Name,
		Source: r.Source, Service: r.Service, Replaces: r.Replaces,
		Created: r.Created.Time(), Expires: r.Expires.Time(), Revoked: r.Revoked.Time(), LastUsed: r.LastUsed.Time(),
	}
}

const tokenColumns = `id, hash, kind, owner, scopes, name, created_at, expires_at, revoked_at, last_used_at,
	source, service, replaces`

// CreateToken keeps a token. It is Invalid when the hash is not a SHA-256 in
// hexadecimal, so that nobody stores a token's text by mistake, and a
// Conflict when the id or the hash is there already.
func (s *Store) CreateToken(ctx context.Context, t Token) error {
	if sum, err := hex.DecodeString(t.Hash); err != nil || len(sum) != 32 {
		return incident.Errorf(incident.Invalid, "token %s: its hash is not a SHA-256 in hexadecimal", t.ID)
	}
	return s.write(ctx, "create a token", func(tx *sqlx.Tx) error { return createToken(ctx, tx, t) })
}

func createToken(ctx context.Context, tx *sqlx.Tx, t Token) error {
	result, err := tx.NamedExecContext(ctx, `
		INSERT INTO tokens (`+tokenColumns+`) VALUES (:id, :hash, :kind, :owner, :scopes, :name, :created_at, :expires_at,
			:revoked_at, :last_used_at, :source, :service, :replaces) ON CONFLICT DO NOTHING`, tokenRow{
		ID: t.ID, Hash: strings.ToLower(t.Hash), Kind: t.Kind, Owner: t.Owner, Scopes: strings.Join(t.Scopes, " "), Name: t.Name,
		Created: stampOf(t.Created), Expires: stampOf(t.Expires), Revoked: stampOf(t.Revoked), LastUsed: stampOf(t.LastUsed),
		Source: t.Source, Service: t.Service, Replaces: t.Replaces,
	})
	return changed(result, err, incident.Errorf(incident.Conflict, "token %s: its id or its text is taken", t.ID))
}

// RotateToken keeps a token that takes the place of t.Replaces, which ends at
// a time, or earlier when it was to. It is NotFound when there is none to
// replace, or it has ended already, or another has taken its place that was not
// revoked: nobody would think of that one again, and it may work for ever.
func (s *Store) RotateToken(ctx context.Context, t Token, until time.Time) error {
	return s.write(ctx, "rotate a token", func(tx *sqlx.Tx) error {
		result, err := tx.ExecContext(ctx, tx.Rebind(`
			UPDATE tokens SET expires_at = CASE WHEN expires_at < ? THEN expires_at ELSE ? END
			WHERE id = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`),
			stampOf(until), stampOf(until), t.Replaces, stampOf(t.Created))
		gone := incident.Errorf(incident.NotFound, "there is no token %s that still works", t.Replaces)
		if err := changed(result, err, gone); err != nil {
			return err
		}
		// Who comes second has waited for the row above.
		var heirs []string
		err = tx.SelectContext(ctx, &heirs, tx.Rebind(`SELECT id FROM tokens WHERE replaces = ? AND revoked_at IS NULL`), t.Replaces)
		if err != nil {
			return err
		}
		if len(heirs) > 0 {
			return incident.Errorf(incident.NotFound, "token %s was rotated already: rotate or revoke %s", t.Replaces, heirs[0])
		}
		return createToken(ctx, tx, t)
	})
}

// TokenByHash returns the token whose text has this SHA-256, or NotFound. It
// may have expired or been revoked: ask Valid.
func (s *Store) TokenByHash(ctx context.Context, hash string) (Token, error) {
	row, err := get[tokenRow](ctx, s, `SELECT `+tokenColumns+` FROM tokens WHERE hash = $1`, strings.ToLower(hash))
	return row.token(), failed(err, "look a token up")
}

// TokenFilter narrows Tokens; what is empty does not narrow.
type TokenFilter struct {
	Kind  string
	Owner string
	// Valid leaves out what has expired or was revoked.
	Valid bool
}

// Tokens lists tokens, the newest first.
func (s *Store) Tokens(ctx context.Context, f TokenFilter) ([]Token, error) {
	var c condition
	c.equal("kind", f.Kind)
	c.equal("owner", f.Owner)
	if f.Valid {
		c.and("revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)", stampOf(time.Now()))
	}
	query := `SELECT ` + tokenColumns + ` FROM tokens` + c.where() + ` ORDER BY created_at DESC, id DESC`
	rows, err := list[tokenRow](ctx, s, query, c.args...)
	if err != nil {
		return nil, failed(err, "list tokens")
	}
	return each(rows, tokenRow.token), nil
}

// RevokeToken ends a token, for ever; doing it again keeps the first time. It
// is NotFound when there is no such token.
func (s *Store) RevokeToken(ctx context.Context, id string) error {
	found, err := s.exec(ctx, "revoke a token",
		`UPDATE tokens SET revoked_at = COALESCE(revoked_at, $1) WHERE id = $2`,
		stampOf(time.Now()), id)
	if err == nil && found == 0 {
		return incident.Errorf(incident.NotFound, "revoke a token: there is no %s", id)
	}
	return err
}

// TouchToken remembers when a token was last used. Callers do so now and
// then, not at each request.
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	_, err := s.exec(ctx, "note a token's use", `UPDATE tokens SET last_used_at = $1 WHERE id = $2`, stampOf(at), id)
	return err
}
