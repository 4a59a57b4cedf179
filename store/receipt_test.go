package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// sentBy keeps a page and the attempt at it that a provider took.
func sentBy(t *testing.T, s *store.Store, reference string) activities.Attempt {
	t.Helper()
	i, p := someIncident("INC-1"), page("p", incident.PageSent)
	p.Provider, p.Reference = "twilio", reference
	require.NoError(t, s.Record(t.Context(), activities.Batch{
		Number: "INC-1", Decided: decided(i), Ordinal: i.Revision, Epoch: "run", Pages: []incident.Page{p}, Incident: i,
	}))
	a := activities.Attempt{
		Key: "p", Incident: "INC-1", What: "page", At: noon().Truncate(time.Microsecond), Provider: "twilio", Reference: reference,
	}
	require.NoError(t, s.Attempt(t.Context(), a))
	return a
}

func onePage(t *testing.T, s *store.Store) store.Page {
	t.Helper()
	list, _, err := s.Pages(t.Context(), store.PageFilter{Incident: "INC-1"})
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

func TestReceiptStampsAttemptAndPage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		a := sentBy(t, s, "SM1")
		require.Equal(t, "twilio", onePage(t, s).Provider)
		require.Zero(t, onePage(t, s).Delivered)

		at := a.At.Add(2 * time.Second)
		got, err := s.Receipt(t.Context(), store.Receipt{Reference: "SM1", State: store.Delivered, At: at})
		require.NoError(t, err)
		a.Receipt, a.Receipted = store.Delivered, at
		require.Equal(t, []activities.Attempt{a}, got)
		require.Equal(t, at, onePage(t, s).Delivered)
		require.Zero(t, onePage(t, s).Answered, "a receipt never acknowledges")

		for _, late := range []string{store.Delivered, "failed"} {
			got, err = s.Receipt(t.Context(), store.Receipt{Reference: "SM1", State: late, At: at.Add(time.Hour)})
			require.NoError(t, err)
			require.Equal(t, []activities.Attempt{a}, got, "what was delivered stays so")
		}
		attempts, err := s.Attempts(t.Context(), "INC-1")
		require.NoError(t, err)
		require.Equal(t, []activities.Attempt{a}, attempts)
	})
}

func TestReceiptOfAFailure(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		sentBy(t, s, "SM1")
		got, err := s.Receipt(t.Context(), store.Receipt{Reference: "SM1", State: "undelivered", At: noon()})
		require.NoError(t, err)
		require.Len(t, got, 1)
		require.Equal(t, "undelivered", got[0].Receipt)
		require.Equal(t, "p", got[0].Key)
		require.Zero(t, onePage(t, s).Delivered)
	})
}

func TestOneReceiptForPagesThatWentTogether(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		first := sentBy(t, s, "SM1")
		second := first
		second.Key, second.Incident = "q", "INC-2"
		require.NoError(t, s.Attempt(t.Context(), second))
		got, err := s.Receipt(t.Context(), store.Receipt{Reference: "SM1", State: "failed", At: noon()})
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.Equal(t, []string{"p", "q"}, []string{got[0].Key, got[1].Key})
	})
}

func TestReceiptOfNothingKnown(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		sentBy(t, s, "")
		for _, reference := range []string{"SM2", ""} {
			_, err := s.Receipt(t.Context(), store.Receipt{Reference: reference, State: store.Delivered, At: noon()})
			require.Equal(t, incident.NotFound, incident.KindOf(err), "%q: %v", reference, err)
		}
	})
}

func TestReplyIsKeptOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		_, err := s.Reply(t.Context(), "SM9")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		r := store.Reply{ID: "SM9", Person: "ann", Incident: "INC-1", At: noon().Truncate(time.Microsecond)}
		require.NoError(t, s.KeepReply(t.Context(), r))
		again := r
		again.Person, again.Incident, again.Answer = "ben", "INC-2", "INC-1 is yours."
		require.NoError(t, s.KeepReply(t.Context(), again))
		got, err := s.Reply(t.Context(), "SM9")
		require.NoError(t, err)
		r.Answer = again.Answer
		require.Equal(t, r, got)
	})
}

// Providers send receipts at once and in any order: whichever is noted last,
// what was delivered stays so.
func TestReceiptsAtOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n := range 20 {
			reference := fmt.Sprintf("SM%d", n)
			require.NoError(t, s.Attempt(t.Context(), activities.Attempt{
				Key: reference, Incident: "INC-1", What: "page", At: noon(), Provider: "twilio", Reference: reference,
			}))
			var group errgroup.Group
			for _, state := range []string{store.Delivered, "failed"} {
				group.Go(func() error {
					_, err := s.Receipt(t.Context(), store.Receipt{Reference: reference, State: state, At: noon()})
					return err
				})
			}
			require.NoError(t, group.Wait())
			got, err := s.Receipt(t.Context(), store.Receipt{Reference: reference, State: "late", At: noon()})
			require.NoError(t, err)
			require.Equal(t, store.Delivered, got[0].Receipt)
		}
	})
}
