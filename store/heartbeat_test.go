package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
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
