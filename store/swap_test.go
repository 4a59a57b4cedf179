package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// accept accepts a swap as the API does.
func accept(t *testing.T, s *store.Store, w store.Swap) error {
	w.Answered = w.Made.Add(time.Minute)
	var list []store.Override
	for n, o := range w.Overrides() {
		o.ID = fmt.Sprintf("%s-%d", w.ID, n)
		list = append(list, store.Override{Override: o, Swap: w.ID, Made: w.Answered})
	}
	return s.AcceptSwap(t.Context(), w, list)
}

// atOnce runs f n times at once and counts how often it succeeded; every other
// time it was refused.
func atOnce(t *testing.T, n int, f func(n int) error) int {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		require.Contains(t, []incident.Kind{incident.Refused, incident.NotFound}, incident.KindOf(err), "%v", err)
	}
	return done
}

func TestASwapIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := someSwap("s-1", today())
		require.NoError(t, s.OfferSwap(t.Context(), w))
		require.Equal(t, 1, atOnce(t, 6, func(n int) error {
			if n%2 == 0 {
				ended := w
				ended.Answered = w.Made.Add(time.Minute)
				return s.EndSwap(t.Context(), ended, store.SwapWithdrawn)
			}
			return accept(t, s, w)
		}))
		got, err := s.Swap(t.Context(), "s-1", w.Made)
		require.NoError(t, err)
		o, err := s.Overlay(t.Context())
		require.NoError(t, err)
		require.Equal(t, got.State == store.SwapAccepted, len(o.Overrides) == 2, "%s, %d overrides", got.State, len(o.Overrides))
	})
}

// Two people may be offered the same duty; whoever takes it first has it.
func TestADutyIsGivenAwayOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		now := today()
		offers := []store.Swap{someSwap("s-1", now), someSwap("s-2", now)}
		offers[1].Taker = "cai"
		offers[1].Take.From, offers[1].Take.Until = now.Add(5*time.Hour), now.Add(6*time.Hour)
		for _, w := range offers {
			require.NoError(t, s.OfferSwap(t.Context(), w))
		}
		require.Equal(t, 1, atOnce(t, 2, func(n int) error { return accept(t, s, offers[n]) }))
		o, err := s.Overlay(t.Context())
		require.NoError(t, err)
		require.Len(t, o.Overrides, 2)

		later := someSwap("s-3", now.Add(2*time.Minute))
		require.NoError(t, s.OfferSwap(t.Context(), later))
		require.NoError(t, accept(t, s, later), "what was so when it was offered is not held against it")
	})
}

func TestASwapOfWhatWasOverriddenSinceIsRefused(t *testing.T) {
	now := today()
	since := func(change func(*oncall.Override)) store.Override {
		o := replace("o-1", "dee", now.Add(90*time.Minute), now.Add(150*time.Minute))
		o.Made = now.Add(30 * time.Second)
		change(&o.Override)
		return o
	}
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		tests := map[string]struct {
			made    store.Override
			refused bool
		}{
			"somebody else comes":  {since(func(*oncall.Override) {}), true},
			"whoever is on call":   {since(func(o *oncall.Override) { o.Of = "" }), true},
			"the taker goes":       {since(func(o *oncall.Override) { o.Of, o.From, o.Until = "bob", now.Add(3*time.Hour), now.Add(4*time.Hour) }), true},
			"another person goes":  {since(func(o *oncall.Override) { o.Of = "cai" }), false},
			"one more comes":       {since(func(o *oncall.Override) { o.Kind, o.Of = oncall.Add, "" }), false},
			"of another rotation":  {since(func(o *oncall.Override) { o.Rotation = "secondary" }), false},
			"behind it":            {since(func(o *oncall.Override) { o.From, o.Until = now.Add(2*time.Hour), now.Add(3*time.Hour) }), false},
			"it stays theirs":      {since(func(o *oncall.Override) { o.Person, o.Of = "ana", "" }), false},
			"it was there already": {since(func(o *oncall.Override) {}), false},
		}
		for name, test := range tests {
			w := someSwap("s-"+name, now)
			test.made.ID = name
			if name == "it was there already" {
				test.made.Made = now.Add(-time.Hour)
			}
			require.NoError(t, s.OfferSwap(t.Context(), w))
			require.NoError(t, s.AddOverride(t.Context(), test.made))
			err := accept(t, s, w)
			require.Equal(t, test.refused, incident.KindOf(err) == incident.Refused, "%s: %v", name, err)
			require.NoError(t, s.RemoveOverride(t.Context(), name, "dee", now))
			for n := range 2 {
				if !test.refused {
					require.NoError(t, s.RemoveOverride(t.Context(), fmt.Sprintf("s-%s-%d", name, n), "dee", now))
				}
			}
		}
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
