package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// today is when the tests of duty take place: the overlay is of now.
func today() time.Time { return time.Now().UTC().Truncate(time.Second) }

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

func someSwap(id string, now time.Time) store.Swap {
	return store.Swap{State: store.SwapOffered, Made: now, Swap: oncall.Swap{
		ID: id, Schedule: "payments", Giver: "ana", Taker: "bob",
		Give: oncall.Span{Rotation: "primary", From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)},
		Take: oncall.Span{Rotation: "primary", From: now.Add(3 * time.Hour), Until: now.Add(4 * time.Hour)},
	}}
}

func TestSwaps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		w := someSwap("s-1", now)
		require.NoError(t, s.OfferSwap(ctx, w, activities.DutyNotice{Key: "k", Person: "bob", Due: now}))
		got, err := s.Swap(ctx, "s-1", now)
		require.NoError(t, err)
		require.Equal(t, w, got)
		got, err = s.Swap(ctx, "s-1", now.Add(time.Hour))
		require.NoError(t, err)
		require.Equal(t, store.SwapExpired, got.State)

		w.Answered = now.Add(time.Minute)
		overrides := []store.Override{replace("o-1", "bob", w.Give.From, w.Give.Until), replace("o-1", "ana", w.Take.From, w.Take.Until)}
		require.Error(t, s.AcceptSwap(ctx, w, overrides), "two of one id")
		got, err = s.Swap(ctx, "s-1", now)
		require.NoError(t, err)
		require.Equal(t, store.SwapOffered, got.State, "both overrides or none, and the offer stands")
		overrides[1].ID = "o-2"
		require.NoError(t, s.AcceptSwap(ctx, w, overrides))
		require.Equal(t, incident.Refused, incident.KindOf(s.AcceptSwap(ctx, w, overrides)))
		require.Equal(t, incident.Refused, incident.KindOf(s.EndSwap(ctx, w, store.SwapDeclined)))
		o, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Len(t, o.Overrides, 2)

		late := someSwap("s-2", now)
		require.NoError(t, s.OfferSwap(ctx, late))
		late.Answered = now.Add(90 * time.Minute)
		require.Equal(t, incident.Refused, incident.KindOf(s.EndSwap(ctx, late, store.SwapDeclined)), "it has expired")
		open, _, err := s.Swaps(ctx, store.SwapFilter{Open: true, Now: now, Person: "bob"})
		require.NoError(t, err)
		require.Len(t, open, 1)
		open, _, err = s.Swaps(ctx, store.SwapFilter{Open: true, Now: now.Add(90 * time.Minute)})
		require.NoError(t, err)
		require.Empty(t, open)
		for i := range 49 {
			require.NoError(t, s.OfferSwap(ctx, someSwap("x-"+time.Duration(i).String(), now)))
		}
		require.Equal(t, incident.Refused, incident.KindOf(s.OfferSwap(ctx, someSwap("s-3", now))), "too many open offers")
	})
}

func TestCodes(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		code := func(id string, at time.Time) store.Code {
			return store.Code{ID: id, Person: "ana", Contact: "pager", Mark: "m", Hash: hash(id), Sent: at}
		}
		_, err := s.LastCode(ctx, "ana", "pager", now)
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		for i, id := range []string{"v-1", "v-2", "v-3"} {
			require.NoError(t, s.KeepCode(ctx, code(id, now.Add(time.Duration(i)*time.Minute))))
		}
		require.Equal(t, incident.Refused, incident.KindOf(s.KeepCode(ctx, code("v-4", now.Add(5*time.Minute)))), "three an hour")
		other := code("v-5", now)
		other.Contact = "mail"
		require.NoError(t, s.KeepCode(ctx, other), "each contact method by itself")
		last, err := s.LastCode(ctx, "ana", "pager", now.Add(5*time.Minute))
		require.NoError(t, err)
		require.Equal(t, "v-3", last.ID)

		for range store.CodeTries - 1 {
			require.Equal(t, incident.Invalid, incident.KindOf(s.Verify(ctx, "v-3", hash("guess"), now.Add(5*time.Minute))))
		}
		require.NoError(t, s.Verify(ctx, "v-3", hash("v-3"), now.Add(5*time.Minute)), "the fifth try counts")
		require.Equal(t, incident.NotFound, incident.KindOf(s.Verify(ctx, "v-3", hash("v-3"), now.Add(5*time.Minute))), "once")
		require.Equal(t, incident.NotFound, incident.KindOf(s.Verify(ctx, "v-2", hash("v-2"), now.Add(time.Hour))), "too late")
		o, err := s.Overlay(ctx)
		require.NoError(t, err)
		require.Equal(t, []catalog.Verified{{Person: "ana", Contact: "pager", Mark: "m"}}, o.Verified)
		require.NoError(t, s.KeepCode(ctx, code("v-6", now.Add(61*time.Minute))))

		for n := range store.CodesAnHourOfPerson - 2 {
			fresh := code(fmt.Sprintf("w-%d", n), now.Add(61*time.Minute))
			fresh.Contact = fresh.ID
			require.NoError(t, s.KeepCode(ctx, fresh))
		}
		fresh := code("w", now.Add(61*time.Minute))
		fresh.Contact = "another"
		require.Equal(t, incident.Refused, incident.KindOf(s.KeepCode(ctx, fresh)), "however many contact methods come and go")
		fresh.Person = "bob"
		require.NoError(t, s.KeepCode(ctx, fresh))
	})
}

func TestCalendars(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		feed := store.Calendar{ID: "c-1", Owner: "ana", Person: "ana", Hash: hash("one"), Made: now}
		require.NoError(t, s.CreateCalendar(ctx, feed))
		got, err := s.CalendarByHash(ctx, hash("one"))
		require.NoError(t, err)
		require.Equal(t, feed, got)
		rotated, err := s.RotateCalendar(ctx, store.Calendar{ID: "c-1", Owner: "ana", Hash: hash("two"), Rotated: now})
		require.NoError(t, err)
		require.Equal(t, hash("two"), rotated.Hash)
		_, err = s.CalendarByHash(ctx, hash("one"))
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		_, err = s.RotateCalendar(ctx, store.Calendar{ID: "c-1", Owner: "bob", Hash: hash("three"), Rotated: now})
		require.Equal(t, incident.NotFound, incident.KindOf(err), "somebody else's")
		require.NoError(t, s.RevokeCalendar(ctx, "ana", "c-1", now))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RevokeCalendar(ctx, "ana", "c-1", now)))
		_, err = s.CalendarByHash(ctx, hash("two"))
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		list, err := s.Calendars(ctx, "ana")
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.False(t, list[0].Revoked.IsZero())
	})
}

func TestNotices(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), today()
		notice := activities.DutyNotice{Key: "k", Person: "ana", Title: "T", Body: "B", Due: now}
		require.NoError(t, s.AddNotices(ctx))
		require.NoError(t, s.AddNotices(ctx, notice, activities.DutyNotice{Key: "mark", Due: now}))
		notice.Title = "again"
		require.NoError(t, s.AddNotices(ctx, notice))
		due, err := s.DueNotices(ctx, now, 10)
		require.NoError(t, err)
		require.Len(t, due, 1, "what is only remembered is not due")
		require.Equal(t, "T", due[0].Title)
		known, err := s.KnownNotices(ctx, []string{"k", "mark", "none"})
		require.NoError(t, err)
		require.Equal(t, []string{"k", "mark"}, known)

		require.NoError(t, s.PutOffNotice(ctx, "k", now.Add(time.Minute), true))
		due, err = s.DueNotices(ctx, now, 10)
		require.NoError(t, err)
		require.Empty(t, due)
		due, err = s.DueNotices(ctx, now.Add(time.Minute), 10)
		require.NoError(t, err)
		require.Equal(t, 1, due[0].Tries)
		require.NoError(t, s.EndNotice(ctx, "k", now, true))
		due, err = s.DueNotices(ctx, now.Add(time.Hour), 10)
		require.NoError(t, err)
		require.Empty(t, due)
	})
}

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
