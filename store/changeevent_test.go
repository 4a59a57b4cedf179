package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func someChange(id string, at time.Time) changes.Change {
	return changes.Change{
		ID: id, Source: "ci", Kind: changes.Deployment, Service: "checkout", Version: "2", Before: "1", Author: "ana", At: at,
		Undo: changes.Undo{Runbook: "rollback", Params: map[string]string{"target": "checkout"}},
	}
}

func TestChangesAreKeptOnceAndListed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := noon().Truncate(time.Microsecond)
		first := someChange("1", at)
		kept, added, err := s.AddChange(t.Context(), first, at)
		require.NoError(t, err)
		require.True(t, added)
		require.Equal(t, first, kept)
		again := first
		again.Version = "3"
		kept, added, err = s.AddChange(t.Context(), again, at)
		require.NoError(t, err)
		require.False(t, added)
		require.Equal(t, first, kept, "the first report counts")
		for n := range 4 {
			c := someChange(fmt.Sprint(n+2), at.Add(-time.Duration(n)*time.Hour))
			c.Service, c.Kind, c.Source = "search", changes.Flag, "flags"
			_, added, err = s.AddChange(t.Context(), c, at)
			require.NoError(t, err)
			require.True(t, added)
		}
		var ids []string
		for cursor, begun := "", false; cursor != "" || !begun; begun = true {
			var part []changes.Change
			part, cursor, err = s.ChangeEvents(t.Context(), store.ChangeFilter{Cursor: cursor, Limit: 2})
			require.NoError(t, err)
			for _, c := range part {
				ids = append(ids, c.ID)
			}
		}
		require.Equal(t, []string{"2", "1", "3", "4", "5"}, ids)
		for want, f := range map[int]store.ChangeFilter{
			1: {Services: []string{"checkout"}}, 4: {Kind: changes.Flag}, 5: {Services: []string{"search", "checkout"}},
			2: {Since: at.Add(-2 * time.Hour), Until: at}, 0: {Source: "github"},
		} {
			list, _, err := s.ChangeEvents(t.Context(), f)
			require.NoError(t, err)
			require.Len(t, list, want, "%+v", f)
		}
		list, _, err := s.ChangeEvents(t.Context(), store.ChangeFilter{Services: []string{"checkout"}})
		require.NoError(t, err)
		require.Equal(t, first, list[0])
		_, _, err = s.ChangeEvents(t.Context(), store.ChangeFilter{Cursor: "?"})
		require.Equal(t, incident.Invalid, incident.KindOf(err))
	})
}

func TestOldChangesAreForgotten(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Now()
		for id, age := range map[string]time.Duration{"old": 200 * 24 * time.Hour, "new": 24 * time.Hour} {
			_, _, err := s.AddChange(t.Context(), someChange(id, now.Add(-age)), now)
			require.NoError(t, err)
		}
		_, err := s.Purge(t.Context(), now)
		require.NoError(t, err)
		list, _, err := s.ChangeEvents(t.Context(), store.ChangeFilter{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, "new", list[0].ID)
	})
}

// What one process takes in, the others know a moment later, and all of them
// also while the database is away.
func TestRecentChangesAreKnownInEveryProcess(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := time.Now().UTC().Truncate(time.Microsecond)
		here, there := store.NewRecentChanges(s), store.NewRecentChanges(s)
		_, _, err := here.AddChange(t.Context(), someChange("1", now.Add(-time.Hour)), now)
		require.NoError(t, err)
		_, _, err = here.AddChange(t.Context(), someChange("old", now.Add(-30*time.Hour)), now)
		require.NoError(t, err)
		require.Len(t, here.Of("checkout"), 2)
		require.Empty(t, there.Of("checkout"))
		for range 2 {
			require.NoError(t, there.Refresh(t.Context(), now))
			require.NoError(t, here.Refresh(t.Context(), now))
			require.Equal(t, []changes.Change{someChange("1", now.Add(-time.Hour))}, there.Of("search", "checkout"))
			require.Len(t, here.Of("checkout"), 1, "what is too old is no suspect")
		}
		_, _, err = here.AddChange(t.Context(), someChange("2", now), now)
		require.NoError(t, err)
		require.NoError(t, there.Refresh(t.Context(), now))
		require.Len(t, there.Of("checkout"), 2)

		behind := someChange("3", now)
		_, _, err = s.AddChange(t.Context(), behind, now.Add(-5*time.Minute))
		require.NoError(t, err)
		require.NoError(t, here.Refresh(t.Context(), now))
		require.Contains(t, here.Of("checkout"), behind, "a process took it in whose clock is behind")
		require.Len(t, here.Of("checkout", "checkout"), 3)

		behind.Version = "other"
		_, _, err = there.AddChange(t.Context(), behind, now)
		require.NoError(t, err)
		require.NoError(t, there.Refresh(t.Context(), now))
		require.NotContains(t, there.Of("checkout"), behind, "the first report counts")

		for n := range 250 {
			_, _, err := here.AddChange(t.Context(), someChange(fmt.Sprint("many-", n), now.Add(-time.Duration(n)*time.Minute)), now)
			require.NoError(t, err)
		}
		require.NoError(t, here.Refresh(t.Context(), now))
		require.Len(t, here.Of("checkout"), 200, "the newest of a service are held")
		require.Contains(t, here.Of("checkout"), someChange("many-0", now))

		require.NoError(t, s.Close())
		require.Error(t, here.Refresh(t.Context(), now))
		require.Len(t, here.Of("checkout"), 200)
	})
}
