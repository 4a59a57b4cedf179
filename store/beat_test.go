package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// beatOf is the claim of the beat of a moment.
func beatOf(at time.Time) store.Claim {
	c := firing("TocsinBeat")
	c.Alerts[0].Source, c.Alerts[0].StartsAt = alerts.SourceBeat, at
	c.Service, c.Team, c.At, c.Number = catalog.Watchdog, catalog.Watchdog, at, incident.BeatNumber(at)
	c.Key = "beat=" + c.Number
	return c
}

func TestBeatLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		now := time.Now().Truncate(time.Second)
		beat := beatOf(now)
		claimed := claim(t, s, beat)
		require.Equal(t, incident.BeatNumber(now), claimed.Number)
		require.True(t, claimed.New)
		require.False(t, claim(t, s, beat).New, "the same one of another process")
		require.NoError(t, s.Accept(ctx, []int64{claimed.Outbox}))

		i := &incident.Incident{Number: claimed.Number, Phase: incident.Triggered, HoldsKey: true}
		batch := activities.Batch{Number: i.Number, Epoch: "run", Incident: i, Decided: now, Ordinal: 1, Entries: []incident.Entry{{Sequence: 1, Kind: "opened", Recorded: now}}}
		require.NoError(t, s.Record(ctx, batch))
		require.Len(t, openKeys(t, s), 1)
		at, err := s.LastBeat(ctx)
		require.NoError(t, err)
		require.True(t, at.IsZero())
		for n, problem := range []string{"", "the watchdog answered 500"} {
			require.NoError(t, s.Attempt(ctx, activities.Attempt{Key: i.Number + "/page", Incident: i.Number, What: "page", At: now.Add(time.Duration(n) * time.Second), Error: problem}))
		}
		at, err = s.LastBeat(ctx)
		require.NoError(t, err)
		require.True(t, at.Equal(now), "the try that failed fed nobody")

		i.Phase, i.HoldsKey = incident.Transient, false
		require.NoError(t, s.Record(ctx, batch))
		require.Empty(t, openKeys(t, s))
		_, err = s.Incident(ctx, i.Number)
		require.Equal(t, incident.NotFound, incident.KindOf(err), "no list shows it")
		late := claim(t, s, beat)
		require.Empty(t, late.Number, "it is opened once")
		require.Equal(t, "INC-1", claim(t, s, firing("DiskFull")).Number, "and used up no number")

		purgeAll(t, s, now.Add(29*time.Minute))
		require.Equal(t, claimed.Number, beatClaims(t, s, beat))
		purgeAll(t, s, now.Add(31*time.Minute))
		require.Empty(t, beatClaims(t, s, beat))
		at, err = s.LastBeat(ctx)
		require.NoError(t, err)
		require.True(t, at.IsZero())
		require.Len(t, openKeys(t, s), 1, "what is no beat stays")
	})
}

func TestBeatIsOpenedOnceHoweverLateItComes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := time.Now().Add(-20 * time.Minute).Truncate(time.Second)
		beat := beatOf(at)
		claimed := claim(t, s, beat)
		require.NoError(t, s.Release(t.Context(), claimed.Number, "transient"))
		beat.At = time.Now()
		beat.Alerts[0].StartsAt = at.Add(time.Millisecond)
		require.Empty(t, claim(t, s, beat).Number)
		require.Equal(t, "INC-1", claim(t, s, firing("DiskFull")).Number)
	})
}

func purgeAll(t *testing.T, s *store.Store, now time.Time) {
	t.Helper()
	for n := int64(1); n > 0; {
		var err error
		n, err = s.Purge(t.Context(), now)
		require.NoError(t, err)
	}
}

// beatClaims returns the number that the alert of a beat belongs to.
func beatClaims(t *testing.T, s *store.Store, c store.Claim) string {
	t.Helper()
	list, _, err := s.Alerts(t.Context(), c.Number, "", 0)
	require.NoError(t, err)
	if len(list) == 0 {
		return ""
	}
	return c.Number
}
