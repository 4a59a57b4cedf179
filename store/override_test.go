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

func replace(id, person string, from, until time.Time) store.Override {
	return store.Override{Made: today(), Override: oncall.Override{
		ID: id, Schedule: "payments", Rotation: "primary", Kind: oncall.Replace, Person: person, Of: "ana",
		From: from, Until: until, Reason: "ill", By: "bob",
	}}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		first := replace("o-1", "bob", now, now.Add(time.Hour))
		second := replace("o-2", "cai", now.Add(2*time.Hour), now.Add(3*time.Hour))
		second.Schedule = "platform"
		for _, o := range []store.Override{second, first} {
			require.NoError(t, s.AddOverride(ctx, o))
		}
		got, err := s.Override(ctx, "o-1")
		require.NoError(t, err)
		require.Equal(t, first, got)
		_, err = s.Override(ctx, "o-9")
		require.Equal(t, incident.NotFound, incident.KindOf(err))

		for name, test := range map[string]struct {
			f    store.DutyFilter
			want []string
		}{
			"all":          {store.DutyFilter{}, []string{"o-1", "o-2"}},
			"schedule":     {store.DutyFilter{Schedule: "platform"}, []string{"o-2"}},
			"who comes":    {store.DutyFilter{Person: "cai"}, []string{"o-2"}},
			"who goes":     {store.DutyFilter{Person: "ana"}, []string{"o-1", "o-2"}},
			"somebody":     {store.DutyFilter{Person: "dee"}, nil},
			"behind":       {store.DutyFilter{From: now.Add(time.Hour)}, []string{"o-2"}},
			"before":       {store.DutyFilter{Until: now.Add(2 * time.Hour)}, []string{"o-1"}},
			"active later": {store.DutyFilter{Active: now.Add(2 * time.Hour)}, []string{"o-2"}},
		} {
			list, next, err := s.Overrides(ctx, test.f)
			require.NoError(t, err, name)
			require.Empty(t, next)
			var ids []string
			for _, o := range list {
				ids = append(ids, o.ID)
			}
			require.Equal(t, test.want, ids, name)
		}
		page, next, err := s.Overrides(ctx, store.DutyFilter{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, "o-1", page[0].ID)
		page, _, err = s.Overrides(ctx, store.DutyFilter{Limit: 1, After: next})
		require.NoError(t, err)
		require.Equal(t, "o-2", page[0].ID)
		_, _, err = s.Overrides(ctx, store.DutyFilter{After: "x"})
		require.Equal(t, incident.Invalid, incident.KindOf(err))

		require.NoError(t, s.RemoveOverride(ctx, "o-1", "dee", now.Add(time.Minute)))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RemoveOverride(ctx, "o-1", "dee", now.Add(time.Minute))))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RemoveOverride(ctx, "o-2", "dee", now.Add(4*time.Hour))), "it is over")
		got, err = s.Override(ctx, "o-1")
		require.NoError(t, err)
		require.Equal(t, "dee", got.RemovedBy)
		o, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, o.Overrides, 2)
		require.True(t, o.Overrides[0].Until.Equal(now.Add(time.Minute)) || o.Overrides[1].Until.Equal(now.Add(time.Minute)), "it held until then")
		require.NoError(t, s.RemoveOverride(ctx, "o-2", "dee", now))
		o, err = s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, o.Overrides, 1, "it never held")
	})
}

func TestTooManyOverrides(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	now := today()
	for i := range 500 {
		require.NoError(t, s.AddOverride(t.Context(), replace("o-"+time.Duration(i).String(), "bob", now, now.Add(time.Hour))))
	}
	require.Equal(t, incident.Refused, incident.KindOf(s.AddOverride(t.Context(), replace("o", "bob", now, now.Add(time.Hour)))))
	late := replace("late", "bob", now.Add(2*time.Hour), now.Add(3*time.Hour))
	late.Made = now.Add(time.Hour)
	require.NoError(t, s.AddOverride(t.Context(), late), "the others are over by then")
}
