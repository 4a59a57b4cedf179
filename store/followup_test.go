package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func TestFollowUps(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		one, two := someIncident("INC-1"), someIncident("INC-2")
		one.FollowUps = []incident.FollowUp{
			{ID: "1", Owner: "ana", State: incident.FollowUpOpen, Due: noon().Add(48 * time.Hour)},
			{ID: "2", Owner: "bob", State: incident.FollowUpDone, Due: noon()},
			{ID: "3", Owner: "ana", State: incident.FollowUpWaived},
		}
		two.FollowUps = []incident.FollowUp{
			{ID: "1", Owner: "ana", State: incident.FollowUpOpen, Due: noon().Add(24 * time.Hour)},
			{ID: "2", Owner: "cai", State: incident.FollowUpOpen},
			{ID: "3", Owner: "cai", State: incident.FollowUpOpen, Due: noon()},
		}
		record(t, s, one)
		record(t, s, two)

		openOnes := []incident.FollowUpState{incident.FollowUpOpen}
		for name, test := range map[string]struct {
			filter store.FollowUpFilter
			want   string
		}{
			"all":      {store.FollowUpFilter{}, "INC-1/3 INC-2/2 INC-1/2 INC-2/3 INC-2/1 INC-1/1"},
			"owner":    {store.FollowUpFilter{Owner: "ana", States: openOnes}, "INC-2/1 INC-1/1"},
			"incident": {store.FollowUpFilter{Incident: "INC-1"}, "INC-1/3 INC-1/2 INC-1/1"},
			"due":      {store.FollowUpFilter{States: openOnes, DueBefore: noon().Add(time.Hour)}, "INC-2/3"},
			"nothing":  {store.FollowUpFilter{Owner: "eva"}, ""},
		} {
			for _, limit := range []int{1, 2, 50} {
				test.filter.Limit = limit
				require.Equal(t, test.want, walkFollowUps(t, s, test.filter), "%s by %d", name, limit)
			}
		}
	})
}

func walkFollowUps(t *testing.T, s *store.Store, f store.FollowUpFilter) string {
	t.Helper()
	var out []string
	for {
		list, next, err := s.FollowUps(t.Context(), f)
		require.NoError(t, err)
		require.LessOrEqual(t, len(list), f.Limit)
		for _, one := range list {
			out = append(out, one.Incident+"/"+one.ID)
		}
		if next == "" {
			return strings.Join(out, " ")
		}
		f.After = next
	}
}
