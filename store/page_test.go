package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestPages(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		var pages []incident.Page
		for n := range 9 {
			p := page(fmt.Sprintf("p%d", n), incident.PageSent)
			p.Due = p.Due.Add(time.Duration(n/2) * time.Minute)
			p.Sent, p.Error = p.Due.Add(time.Second), "mailbox full"
			if n%3 == 0 {
				p.Person, p.State = "bob", incident.PageFailed
			}
			pages = append(pages, p)
		}
		i := someIncident("INC-1")
		require.NoError(t, s.Record(ctx, activities.Batch{Number: "INC-1", Decided: decided(i), Ordinal: i.Revision, Epoch: "run", Pages: pages, Incident: i}))

		var got []incident.Page
		for after, more := "", true; more; more = after != "" {
			part, next, err := s.Pages(ctx, store.PageFilter{Incident: "INC-1", After: after, Limit: 4})
			require.NoError(t, err)
			for _, p := range part {
				require.Equal(t, "INC-1", p.Incident)
				got = append(got, p.Page)
			}
			after = next
		}
		require.Equal(t, pages, got)

		for name, test := range map[string]struct {
			filter store.PageFilter
			want   int
		}{
			"person":   {store.PageFilter{Person: "bob"}, 3},
			"state":    {store.PageFilter{States: []incident.PageState{incident.PageSent}}, 6},
			"both":     {store.PageFilter{Person: "bob", States: []incident.PageState{incident.PageSent}}, 0},
			"incident": {store.PageFilter{Incident: "INC-2"}, 0},
		} {
			list, _, err := s.Pages(ctx, test.filter)
			require.NoError(t, err)
			require.Len(t, list, test.want, name)
		}
	})
}

func TestPageComesForward(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		i := someIncident("INC-1")
		for n, state := range []incident.PageState{incident.PageDue, incident.PageSent, incident.PageSent} {
			p := page("p", state)
			if n == 2 {
				p.Answered = p.Due.Add(time.Minute)
			}
			i.Revision = n + 1
			require.NoError(t, s.Record(t.Context(),
				activities.Batch{Number: "INC-1", Decided: decided(i), Ordinal: i.Revision, Epoch: "run", Pages: []incident.Page{p}, Incident: i}))
		}
		list, _, err := s.Pages(t.Context(), store.PageFilter{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, incident.PageSent, list[0].State)
		require.Equal(t, list[0].Due.Add(time.Minute), list[0].Answered)
	})
}
