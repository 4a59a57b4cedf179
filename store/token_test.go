package store_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestTokens(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		created := noon().Truncate(time.Microsecond)
		ana := store.Token{
			ID: "t1", Hash: hash("one"), Kind: "person", Owner: "ana", Scopes: []string{"incidents", "catalog"},
			Name: "laptop", Created: created, Expires: time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond),
		}
		prometheus := store.Token{
			ID: "t2", Hash: hash("two"), Kind: "machine", Owner: "prometheus", Scopes: []string{"alerts"},
			Created: created.Add(time.Second),
		}
		old := store.Token{
			ID: "t3", Hash: hash("three"), Kind: "person", Owner: "ana", Scopes: []string{},
			Created: created.Add(-time.Second), Expires: created,
		}
		for _, token := range []store.Token{ana, prometheus, old} {
			require.NoError(t, s.CreateToken(ctx, token))
		}

		got, err := s.TokenByHash(ctx, hash("one"))
		require.NoError(t, err)
		require.Equal(t, ana, got)
		require.True(t, got.Valid(time.Now()))
		require.False(t, got.Valid(ana.Expires))
		_, err = s.TokenByHash(ctx, hash("none"))
		require.Equal(t, incident.NotFound, incident.KindOf(err))

		require.Equal(t, []string{"t2", "t1", "t3"}, tokenIDs(t, s, store.TokenFilter{}))
		require.Equal(t, []string{"t1", "t3"}, tokenIDs(t, s, store.TokenFilter{Kind: "person", Owner: "ana"}))
		require.Equal(t, []string{"t2", "t1"}, tokenIDs(t, s, store.TokenFilter{Valid: true}))

		require.NoError(t, s.TouchToken(ctx, "t1", created.Add(time.Minute)))
		require.NoError(t, s.RevokeToken(ctx, "t1"))
		revoked, err := s.TokenByHash(ctx, hash("one"))
		require.NoError(t, err)
		require.False(t, revoked.Valid(created))
		require.Equal(t, created.Add(time.Minute), revoked.LastUsed)
		require.NoError(t, s.RevokeToken(ctx, "t1"))
		again, err := s.TokenByHash(ctx, hash("one"))
		require.NoError(t, err)
		require.Equal(t, revoked, again)
		require.Equal(t, incident.NotFound, incident.KindOf(s.RevokeToken(ctx, "none")))
		require.Equal(t, []string{"t2"}, tokenIDs(t, s, store.TokenFilter{Valid: true}))
	})
}

func TestCreateTokenRefuses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		token := store.Token{ID: "t1", Hash: hash("one"), Kind: "person", Owner: "ana", Created: noon()}
		require.NoError(t, s.CreateToken(t.Context(), token))
		err := s.CreateToken(t.Context(), token)
		require.Equal(t, incident.Conflict, incident.KindOf(err))
		token.ID = "t2"
		require.Equal(t, incident.Conflict, incident.KindOf(s.CreateToken(t.Context(), token)), "the same text")

		token.Hash = "the-token-itself"
		err = s.CreateToken(t.Context(), token)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
		require.NotContains(t, err.Error(), "the-token-itself")
	})
}

func tokenIDs(t *testing.T, s *store.Store, f store.TokenFilter) []string {
	t.Helper()
	tokens, err := s.Tokens(t.Context(), f)
	require.NoError(t, err)
	ids := make([]string, len(tokens))
	for i, token := range tokens {
		ids[i] = token.ID
	}
	return ids
}

func TestATokenIsRotated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		old := store.Token{
			ID: "old", Hash: hash("a"), Kind: "machine", Owner: "m", Scopes: []string{"alerts"}, Created: at, Source: "generic", Service: "search",
		}
		require.NoError(t, s.CreateToken(t.Context(), old))
		fresh := old
		fresh.ID, fresh.Hash, fresh.Replaces, fresh.Created = "fresh", hash("b"), "old", at.Add(time.Hour)
		require.NoError(t, s.RotateToken(t.Context(), fresh, at.Add(25*time.Hour)))
		got, err := s.TokenByHash(t.Context(), hash("b"))
		require.NoError(t, err)
		require.Equal(t, fresh, got)
		got, err = s.TokenByHash(t.Context(), hash("a"))
		require.NoError(t, err)
		require.Equal(t, at.Add(25*time.Hour), got.Expires)

		again := fresh
		again.ID, again.Hash = "again", hash("c")
		err = s.RotateToken(t.Context(), again, at.Add(2*time.Hour))
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		require.ErrorContains(t, err, "rotate or revoke fresh", "a second heir would be forgotten, and work for ever")
		require.NoError(t, s.RevokeToken(t.Context(), "fresh"))
		require.NoError(t, s.RotateToken(t.Context(), again, at.Add(2*time.Hour)))
		got, err = s.TokenByHash(t.Context(), hash("a"))
		require.NoError(t, err)
		require.Equal(t, at.Add(2*time.Hour), got.Expires, "the earlier end counts")
		again.ID, again.Hash, again.Created = "late", hash("d"), at.Add(48*time.Hour)
		require.Equal(t, incident.NotFound, incident.KindOf(s.RotateToken(t.Context(), again, at.Add(72*time.Hour))))
		_, err = s.TokenByHash(t.Context(), hash("d"))
		require.Equal(t, incident.NotFound, incident.KindOf(err), "both or none")
	})
}

func TestATokenIsRotatedOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon()
		require.NoError(t, s.CreateToken(t.Context(), store.Token{ID: "old", Hash: hash("old"), Kind: "machine", Owner: "m", Created: at}))
		require.Equal(t, 1, atOnce(t, 4, func(n int) error {
			id := fmt.Sprintf("fresh-%d", n)
			heir := store.Token{ID: id, Hash: hash(id), Kind: "machine", Owner: "m", Created: at, Replaces: "old"}
			return s.RotateToken(t.Context(), heir, at.Add(time.Hour))
		}))
		list, err := s.Tokens(t.Context(), store.TokenFilter{})
		require.NoError(t, err)
		require.Len(t, list, 2)
	})
}
