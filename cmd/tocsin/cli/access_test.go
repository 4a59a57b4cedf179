package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/store"
)

func TestTokens(t *testing.T) {
	w := newWorld(t).admin()
	made := tocsin(t, "token", "create", "--machine", "alertmanager", "--scope", "alerts,read", "--name", "production", "--expires", "2126-03-01T00:00:00Z")
	require.Regexp(t, `^toc_\S{43}\n$`, made.ok(), "the token and nothing else, to be piped")
	require.Regexp(t, `^token \S+ of machine alertmanager; it is not shown again\n$`, made.err)
	list, err := w.store.Tokens(t.Context(), store.TokenFilter{})
	require.NoError(t, err)
	token := list[len(list)-1]
	require.Equal(t, "machine", token.Kind)
	require.Equal(t, []string{"alerts", "read"}, token.Scopes)
	require.Equal(t, time.Date(2126, 3, 1, 0, 0, 0, 0, time.UTC), token.Expires)
	revoked := tocsin(t, "token", "revoke", token.ID)
	require.Empty(t, revoked.ok())
	require.Equal(t, "token "+token.ID+" is revoked; it stops working within ten seconds\n", revoked.err)
	require.Contains(t, tocsin(t, "token", "list", "--zone", "UTC").ok(), "revoked 1970-01-01 00:00:01 UTC")
}

func TestPageTest(t *testing.T) {
	newWorld(t)
	got := tocsin(t, "page", "test")
	require.Equal(t, "PERSON  CONTACT  KIND     HANDED OVER  ERROR\nalice   phone    push     yes          -\nalice   hook     webhook  no           does not answer\n", got.out)
	got.fails(1, "1 of 2 contact methods of alice do not work")
}

func TestBootstrap(t *testing.T) {
	clearEnvironment(t)
	dsn := "sqlite:" + filepath.Join(t.TempDir(), "tocsin.db")
	db, err := store.Open(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	config := filepath.Join(t.TempDir(), "tocsin.yaml")
	require.NoError(t, os.WriteFile(config, []byte("database: "+dsn+"\n"), 0o600))

	var made client.NewToken
	require.NoError(t, json.Unmarshal([]byte(tocsin(t, "token", "bootstrap", "--person", "alice", "--config", config, "--json").ok()), &made))
	token, err := db.TokenByHash(t.Context(), api.HashToken(made.Token))
	require.NoError(t, err)
	require.Equal(t, made.Id, token.ID)
	require.Equal(t, "alice", token.Owner)
	require.Equal(t, []string{api.ScopeAdmin}, token.Scopes)

	t.Setenv("TOCSIN_DATABASE", dsn)
	tocsin(t, "token", "bootstrap", "--person", "bob").fails(1, "alice has an administrator's token ("+made.Id+"): use it, or say --again")
	require.Regexp(t, `^toc_\S{43}\n$`, tocsin(t, "token", "bootstrap", "--person", "bob", "--again").ok())
}

func TestBootstrapBeforeMigrating(t *testing.T) {
	clearEnvironment(t)
	t.Setenv("TOCSIN_DATABASE", "sqlite:"+filepath.Join(t.TempDir(), "tocsin.db"))
	got := tocsin(t, "token", "bootstrap", "--person", "alice")
	require.Equal(t, 1, got.code)
	require.Contains(t, got.err, "has `tocsin migrate` been run?\n")
}
