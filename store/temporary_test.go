package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestTemporaries(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		made := store.Temporary{Made: now, Temporary: oncall.Temporary{
			ID: "t-1", Schedule: "payments", Rotation: "primary", From: now, Until: now.Add(time.Hour), By: "bob",
			Shifts: []oncall.FixedShift{{Person: "cai", From: now, Until: now.Add(time.Hour)}},
		}}
		require.NoError(t, s.AddTemporary(ctx, made))
		got, err := s.Temporary(ctx, "t-1")
		require.NoError(t, err)
		require.Equal(t, made, got)
		for person, want := range map[string]int{"": 1, "cai": 1, "bob": 1, "ca": 0, "c_i": 0, "%": 0} {
			list, _, err := s.Temporaries(ctx, store.DutyFilter{Person: person})
			require.NoError(t, err)
			require.Len(t, list, want, person)
		}
		o, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Equal(t, []oncall.Temporary{made.Temporary}, o.Temporary)
		require.NoError(t, s.RemoveTemporary(ctx, "t-1", "dee", now.Add(time.Minute)))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RemoveTemporary(ctx, "t-1", "dee", now.Add(time.Minute))))
		_, err = s.Temporary(ctx, "t-2")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
	})
}
