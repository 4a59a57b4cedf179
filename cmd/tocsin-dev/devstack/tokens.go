package devstack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/store"
)

// Tokens are the tokens of the example's people and machines, by id.
type Tokens map[string]string

// MakeTokens gives a token to everyone in the catalog who has none yet. The
// texts are kept in the file, since the database holds hashes only.
func MakeTokens(ctx context.Context, db *store.Store, c *catalog.Catalog, file string) (Tokens, error) {
	tokens, err := readTokens(file)
	if err != nil {
		return nil, err
	}
	for _, p := range c.People {
		scopes := []string{api.ScopeRead, api.ScopeRespond}
		if p.Admin {
			scopes = []string{api.ScopeAdmin}
		}
		if err := tokens.add(ctx, db, "person", p.ID, scopes); err != nil {
			return nil, err
		}
	}
	for _, m := range c.Machines {
		if err := tokens.add(ctx, db, "machine", m.ID, []string{api.ScopeAlerts, api.ScopeMetrics}); err != nil {
			return nil, err
		}
	}
	return tokens, tokens.write(file)
}

func (t Tokens) add(ctx context.Context, db *store.Store, kind, owner string, scopes []string) error {
	if text, ok := t[owner]; ok {
		if _, err := db.TokenByHash(ctx, api.HashToken(text)); err == nil {
			return nil
		}
	}
	text := api.MintToken()
	t[owner] = text
	err := db.CreateToken(ctx, store.Token{
		ID: uuid.NewString(), Hash: api.HashToken(text), Kind: kind, Owner: owner, Scopes: scopes,
		Name: "example", Created: time.Now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("make a token for %s: %w", owner, err)
	}
	return nil
}

// Names lists whose tokens there are, in order.
func (t Tokens) Names() []string {
	var names []string
	for name := range t {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func readTokens(file string) (Tokens, error) {
	tokens := Tokens{}
	if file == "" {
		return tokens, nil
	}
	data, err := os.ReadFile(filepath.Clean(file))
	if errors.Is(err, fs.ErrNotExist) {
		return tokens, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the tokens: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if name, text, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			tokens[name] = text
		}
	}
	return tokens, nil
}

func (t Tokens) write(file string) error {
	if file == "" {
		return nil
	}
	var out strings.Builder
	for _, name := range t.Names() {
		fmt.Fprintf(&out, "%s %s\n", name, t[name])
	}
	if err := os.WriteFile(file, []byte(out.String()), 0o600); err != nil {
		return fmt.Errorf("keep the tokens: %w", err)
	}
	return nil
}
