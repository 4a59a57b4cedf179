package store

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

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
	Name    string
	Created time.Time
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
	Created  stamp  `db:"created_at"`
	Expires  stamp  `db:"expires_at"`
	Revoked  stamp  `db:"revoked_at"`
	LastUsed stamp  `db:"last_used_at"`
}

func (r tokenRow) token() Token {
	return Token{
		ID: r.ID, Hash: r.Hash, Kind: r.Kind, Owner: r.Owner, Scopes: strings.Fields(r.Scopes), Name: r.Name,
		Created: r.Created.Time(), Expires: r.Expires.Time(), Revoked: r.Revoked.Time(), LastUsed: r.LastUsed.Time(),
	}
}

const tokenColumns = `id, hash, kind, owner, scopes, name, created_at, expires_at, revoked_at, last_used_at`

// CreateToken keeps a token. It is Invalid when the hash is not a SHA-256 in
// hexadecimal, so that nobody stores a token's text by mistake, and a
// Conflict when the id or the hash is there already.
func (s *Store) CreateToken(ctx context.Context, t Token) error {
	if sum, err := hex.DecodeString(t.Hash); err != nil || len(sum) != 32 {
		return incident.Errorf(incident.Invalid, "token %s: its hash is not a SHA-256 in hexadecimal", t.ID)
	}
	made, err := s.exec(ctx, "create a token", `
		INSERT INTO tokens (`+tokenColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT DO NOTHING`,
		t.ID, strings.ToLower(t.Hash), t.Kind, t.Owner, strings.Join(t.Scopes, " "), t.Name,
		stampOf(t.Created), stampOf(t.Expires), stampOf(t.Revoked), stampOf(t.LastUsed))
	if err == nil && made == 0 {
		return incident.Errorf(incident.Conflict, "token %s: its id or its text is taken", t.ID)
	}
	return err
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
	out := make([]Token, len(rows))
	for i, row := range rows {
		out[i] = row.token()
	}
	return out, nil
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
