package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// today is when the tests of duty take place: the overlay is of now.
func today() time.Time { return time.Now().UTC().Truncate(time.Second) }

func scheduled(person string) *catalog.Catalog {
	c := someCatalog("checkout")
	c.People = append(c.People, catalog.Person{ID: "cai"})
	c.Schedules = []oncall.Schedule{{ID: "payments", Zone: "UTC", Rotations: []oncall.Rotation{{
		Name: "primary", Layer: oncall.Layer{Every: oncall.Daily, HandOff: "00:00", Start: "2026-01-01", Participants: []string{person}},
	}}}}
	return c
}

func TestInForce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		before := time.Now()
		h, err := s.InForce(ctx, before.Add(-time.Hour), before)
		require.NoError(t, err)
		require.Empty(t, h, "there was no catalog")

		_, err = s.SaveCatalog(ctx, scheduled("ana"), 0, "ana")
		require.NoError(t, err)
		made := time.Now()
		removed := replace("o-1", "cai", made, made.Add(time.Hour))
		require.NoError(t, s.AddOverride(ctx, removed))
		cut := made.Add(time.Microsecond * 500).UTC().Truncate(time.Microsecond)
		require.NoError(t, s.RemoveOverride(ctx, "o-1", "ana", cut))
		require.Eventually(t, func() bool { return time.Now().After(cut.Add(time.Millisecond)) }, time.Second, time.Millisecond)
		_, err = s.SaveCatalog(ctx, scheduled("bob"), 1, "ana")
		require.NoError(t, err)
		after := time.Now()

		h, err = s.InForce(ctx, before.Add(-time.Hour), after.Add(time.Hour))
		require.NoError(t, err)
		require.Len(t, h, 2)
		_, ok := h.At(before.Add(-time.Minute))
		require.False(t, ok)
		var who []string
		for _, shift := range h.Shifts("payments", before.Add(-time.Hour), after.Add(time.Hour)) {
			if len(who) == 0 || who[len(who)-1] != shift.Person {
				who = append(who, shift.Person)
			}
		}
		require.Equal(t, []string{"ana", "cai", "ana", "bob"}, who, "the turn, the override until it was removed, the turn, the next catalog")
		h, err = s.InForce(ctx, after, after.Add(time.Hour))
		require.NoError(t, err)
		require.Len(t, h, 1, "what went before does not matter")
		require.Equal(t, 2, h[0].Catalog.Version)
	})
}

func TestOpenOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for number, holder := range map[string]string{"INC-1": "ana", "INC-2": "bob"} {
			i := someIncident(number)
			i.Holder = holder
			record(t, s, i)
		}
		over := someIncident("INC-3")
		over.Holder, over.Phase = "ana", incident.Closed
		record(t, s, over)
		for _, test := range []struct{ services, holders, want []string }{
			{[]string{"checkout"}, []string{"ana"}, []string{"INC-1"}},
			{[]string{"checkout"}, []string{"ana", "bob"}, []string{"INC-1", "INC-2"}},
			{[]string{"search"}, []string{"ana"}, nil},
			{nil, []string{"ana"}, nil},
		} {
			got, err := s.OpenOf(t.Context(), test.services, test.holders)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		}
	})
}

func TestPagesOf(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		got, err := s.PagesOf(t.Context(), noon(), noon().Add(time.Hour))
		require.NoError(t, err)
		require.Empty(t, got)
	})
}
