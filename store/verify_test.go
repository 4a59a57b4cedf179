package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

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
