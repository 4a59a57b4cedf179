package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func ownContact(id string) store.Contact {
	return store.Contact{
		Person: "ana", Method: catalog.ContactMethod{ID: id, Kind: "push", Address: "ana-" + id}, Made: noon().Truncate(time.Microsecond), By: "ana",
	}
}

func TestOverlayIsInForceInEveryProcess(t *testing.T) {
	t.Parallel()
	storetest.EachDSN(t, func(t *testing.T, dsn string) {
		here, there := storetest.Open(t, dsn), storetest.Open(t, dsn)
		_, err := here.SaveCatalog(t.Context(), someCatalog("checkout"), 0, "ana")
		require.NoError(t, err)
		near, far := store.NewCatalogs(here), store.NewCatalogs(there)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); far.Keep(ctx) }()
		t.Cleanup(func() { cancel(); <-ended })
		require.Eventually(t, func() bool { return store.Known(far) }, 10*time.Second, 10*time.Millisecond)
		_, err = near.Current(t.Context())
		require.NoError(t, err)

		require.NoError(t, here.AddContact(t.Context(), ownContact("pager")))
		c, err := near.Current(t.Context())
		require.NoError(t, err)
		_, found := c.ContactMethod("ana", "pager")
		require.True(t, found, "whoever changed it sees it at once")
		require.Eventually(t, func() bool {
			_, found := store.Peek(far).ContactMethod("ana", "pager")
			return found
		}, 5*time.Second, 10*time.Millisecond, "where nobody asks too")
	})
}

func TestOverlayCountsChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before, err := s.OverlayVersion(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.AddContact(t.Context(), ownContact("pager")))
		require.Error(t, s.AddContact(t.Context(), ownContact("pager")), "what is refused counts nothing")
		rules := catalog.Rules{Urgent: []catalog.Rule{{Contact: "pager", After: time.Minute}}}
		require.NoError(t, s.SetRules(t.Context(), store.PersonalRules{Person: "ana", Rules: rules, Made: noon().Truncate(time.Microsecond), By: "ana"}))

		o, err := s.Overlay(t.Context())
		require.NoError(t, err)
		require.Equal(t, before+2, o.Version)
		require.Equal(t, []catalog.OwnContact{{Person: "ana", Method: ownContact("pager").Method}}, o.Contacts)
		require.Equal(t, []catalog.OwnRules{{Person: "ana", Rules: rules}}, o.Rules)
	})
}

func TestOwnContacts(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		require.NoError(t, s.AddContact(ctx, ownContact("pager")))
		require.Equal(t, incident.Conflict, incident.KindOf(s.AddContact(ctx, ownContact("pager"))))
		got, err := s.Contacts(ctx, "ana")
		require.NoError(t, err)
		require.Equal(t, []store.Contact{ownContact("pager")}, got)
		got, err = s.Contacts(ctx, "bob")
		require.NoError(t, err)
		require.Empty(t, got)

		require.Equal(t, incident.NotFound, incident.KindOf(s.RemoveContact(ctx, "ana", "fax")))
		require.Equal(t, incident.NotFound, incident.KindOf(s.RemoveContact(ctx, "bob", "pager")))
		require.NoError(t, s.RemoveContact(ctx, "ana", "pager"))
		for i := range 20 {
			require.NoError(t, s.AddContact(ctx, ownContact("m"+string(rune('a'+i)))))
		}
		require.Equal(t, incident.Refused, incident.KindOf(s.AddContact(ctx, ownContact("pager"))), "too many")
	})
}

func TestPersonalRules(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, err := s.Rules(ctx, "ana")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		require.Equal(t, incident.NotFound, incident.KindOf(s.ClearRules(ctx, "ana")))
		for _, contact := range []string{"mail", "phone"} {
			want := store.PersonalRules{
				Person: "ana", Rules: catalog.Rules{Ordinary: []catalog.Rule{{Contact: contact}}}, Made: noon().Truncate(time.Microsecond), By: "grace",
			}
			require.NoError(t, s.SetRules(ctx, want))
			got, err := s.Rules(ctx, "ana")
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
		require.NoError(t, s.ClearRules(ctx, "ana"))
		_, err = s.Rules(ctx, "ana")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
	})
}
