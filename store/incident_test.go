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

func opened(number string, at time.Time, change func(*incident.Incident)) *incident.Incident {
	i := someIncident(number)
	i.Clocks.Stamps = map[incident.Clock]time.Time{incident.TriggeredAt: at}
	if change != nil {
		change(i)
	}
	return i
}

func TestIncidentFilters(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		record(t, s, opened("INC-1", noon(), nil))
		record(t, s, opened("INC-2", noon().Add(time.Hour), func(i *incident.Incident) {
			i.Phase, i.Severity, i.Holder, i.Title = incident.Resolved, catalog.SEV4, "bob", `100%_of \disk`
		}))
		record(t, s, opened("INC-3", noon().Add(2*time.Hour), func(i *incident.Incident) {
			i.Phase, i.Service, i.Team, i.Key = incident.Transient, "ledger", "books", "k"
			i.Affected = []string{"cart", "payments"}
			i.Roles = map[incident.Role]string{incident.Commander: "cai"}
		}))
		for name, test := range map[string]struct {
			filter store.IncidentFilter
			want   []string
		}{
			"all":             {store.IncidentFilter{}, []string{"INC-3", "INC-2", "INC-1"}},
			"phases":          {store.IncidentFilter{Phases: []incident.Phase{incident.Triaging, incident.Transient}}, []string{"INC-3", "INC-1"}},
			"open":            {store.IncidentFilter{Open: true}, []string{"INC-2", "INC-1"}},
			"severities":      {store.IncidentFilter{Severities: []catalog.Level{catalog.SEV4, catalog.SEV5}}, []string{"INC-2"}},
			"service":         {store.IncidentFilter{Service: "ledger"}, []string{"INC-3"}},
			"touches its own": {store.IncidentFilter{Touches: "ledger"}, []string{"INC-3"}},
			"touches another": {store.IncidentFilter{Touches: "payments"}, []string{"INC-3"}},
			"touches none":    {store.IncidentFilter{Touches: "pay"}, []string{}},
			"team and key":    {store.IncidentFilter{Team: "books", Key: "k"}, []string{"INC-3"}},
			"holder":          {store.IncidentFilter{Holder: "bob"}, []string{"INC-2"}},
			"commander":       {store.IncidentFilter{Commander: "cai"}, []string{"INC-3"}},
			"since and until": {store.IncidentFilter{Since: noon().Add(time.Hour), Until: noon().Add(2 * time.Hour)}, []string{"INC-2"}},
			"text":            {store.IncidentFilter{Text: "CHECKOUT"}, []string{"INC-3", "INC-1"}},
			"text as it is":   {store.IncidentFilter{Text: `0%_OF \D`}, []string{"INC-2"}},
			"no wildcards":    {store.IncidentFilter{Text: "%"}, []string{"INC-2"}},
			"nothing":         {store.IncidentFilter{Holder: "ana"}, []string{}},
		} {
			got, next, err := s.Incidents(t.Context(), test.filter)
			require.NoError(t, err, name)
			require.Empty(t, next, name)
			require.Equal(t, test.want, numbers(got), name)
		}
	})
}

func TestIncidentPagingIsStable(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var want []string
		for n := 25; n >= 1; n-- {
			// Several are opened at the same moment.
			number := fmt.Sprintf("INC-%02d", n)
			record(t, s, opened(number, noon().Add(time.Duration(n/3)*time.Second), nil))
			want = append(want, number)
		}
		var got []string
		after := ""
		for turn := 0; ; turn++ {
			part, next, err := s.Incidents(t.Context(), store.IncidentFilter{After: after, Limit: 4})
			require.NoError(t, err)
			got = append(got, numbers(part)...)
			if next == "" {
				break
			}
			after = next
			record(t, s, opened(fmt.Sprintf("INC-9%d", turn), noon().Add(time.Hour), nil))
			moved := opened(part[0].Number, noon().Add(2*time.Hour), func(i *incident.Incident) { i.Revision = 2 })
			record(t, s, moved) // a corrected stamp does not move it in the list
		}
		require.Equal(t, want, got)
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n := range 60 {
			record(t, s, opened(fmt.Sprintf("INC-%d", n), noon().Add(time.Duration(n)*time.Second), nil))
		}
		for limit, want := range map[int]int{-1: 50, 0: 50, 1: 1, 60: 60, 1000: 60} {
			got, _, err := s.Incidents(t.Context(), store.IncidentFilter{Limit: limit})
			require.NoError(t, err)
			require.Len(t, got, want, "limit %d", limit)
		}
	})
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.SQLite(t))
	for _, cursor := range []string{"%", "bm8", "YQBi", "MQBhAGI"} {
		_, _, err := s.Incidents(t.Context(), store.IncidentFilter{After: cursor})
		require.Equal(t, incident.Invalid, incident.KindOf(err), cursor)
		_, _, err = s.Pages(t.Context(), store.PageFilter{After: cursor})
		require.Equal(t, incident.Invalid, incident.KindOf(err), cursor)
		_, _, err = s.Timeline(t.Context(), "INC-1", store.TimelineFilter{After: cursor})
		require.Equal(t, incident.Invalid, incident.KindOf(err), cursor)
		_, _, err = s.FollowUps(t.Context(), store.FollowUpFilter{After: cursor})
		require.Equal(t, incident.Invalid, incident.KindOf(err), cursor)
		_, _, err = s.Alerts(t.Context(), "INC-1", cursor, 0)
		require.Equal(t, incident.Invalid, incident.KindOf(err), cursor)
	}
}

func TestUnknownIncident(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		_, err := s.Incident(t.Context(), "INC-404")
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		lines, _, err := s.Timeline(t.Context(), "INC-404", store.TimelineFilter{})
		require.NoError(t, err)
		require.Empty(t, lines)
	})
}

func numbers(list []*incident.Incident) []string {
	out := make([]string, len(list))
	for i, one := range list {
		out[i] = one.Number
	}
	return out
}
