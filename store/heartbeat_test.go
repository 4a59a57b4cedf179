package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestPulsesAreKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		require.NoError(t, s.KeepPulse(t.Context(), activities.Pulse{ID: "a", Since: at}))
		require.NoError(t, s.Beat(t.Context(), "a", at.Add(time.Minute)))
		require.NoError(t, s.Beat(t.Context(), "b", at))
		missed := alerts.Alert{Source: "heartbeat", Status: alerts.Firing, Service: "search", StartsAt: at.Add(time.Hour)}
		require.NoError(t, s.KeepPulse(t.Context(), activities.Pulse{ID: "a", Since: at, Missed: at.Add(time.Hour), Alert: missed}))
		list, err := s.Pulses(t.Context())
		require.NoError(t, err)
		require.Equal(t, []activities.Pulse{
			{ID: "a", Seen: at.Add(time.Minute), Since: at, Missed: at.Add(time.Hour), Alert: missed}, {ID: "b", Seen: at, Since: at},
		}, list)
		require.NoError(t, s.DropPulse(t.Context(), "b"))
		list, err = s.Pulses(t.Context())
		require.NoError(t, err)
		require.Len(t, list, 1)
	})
}

func TestTheLastWatchIsKept(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		last, err := s.LastWatch(t.Context())
		require.NoError(t, err)
		require.Zero(t, last)
		at := noon().Truncate(time.Microsecond)
		for range 2 {
			at = at.Add(time.Minute)
			require.NoError(t, s.NoteWatch(t.Context(), at))
		}
		last, err = s.LastWatch(t.Context())
		require.NoError(t, err)
		require.Equal(t, at, last)
	})
}

func TestATokenIsRotated(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		hash := func(c string) string {
			return c + "0000000000000000000000000000000000000000000000000000000000000000"[1:]
		}
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
