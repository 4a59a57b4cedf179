package store_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

func someCatalog(service string) *catalog.Catalog {
	return &catalog.Catalog{
		Teams:    []catalog.Team{{ID: "payments", Members: []string{"ana", "bob"}}},
		People:   []catalog.Person{{ID: "ana"}, {ID: "bob"}},
		Services: []catalog.Service{{ID: service, Team: "payments", Match: []string{`service="` + service + `"`}}},
	}
}

func TestCatalogVersions(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, _, err := s.CurrentCatalog(ctx)
		require.Equal(t, incident.NotFound, incident.KindOf(err))
		version, err := s.CatalogVersion(ctx)
		require.NoError(t, err)
		require.Zero(t, version)

		version, err = s.SaveCatalog(ctx, someCatalog("checkout"), 0, "ana")
		require.NoError(t, err)
		require.Equal(t, 1, version)
		version, err = s.SaveCatalog(ctx, someCatalog("ledger"), 1, "bob")
		require.NoError(t, err)
		require.Equal(t, 2, version)
		for _, base := range []int{0, 1, 3} {
			_, err = s.SaveCatalog(ctx, someCatalog("late"), base, "bob")
			require.Equal(t, incident.Conflict, incident.KindOf(err), "base %d", base)
		}

		current, version, err := s.CurrentCatalog(ctx)
		require.NoError(t, err)
		require.Equal(t, 2, version)
		require.Equal(t, 2, current.Version)
		_, found := current.Service("ledger")
		require.True(t, found)
	})
}

func TestOneOfManyApplies(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var saved, refused atomic.Int32
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				switch _, err := s.SaveCatalog(t.Context(), someCatalog("checkout"), 0, "ana"); {
				case err == nil:
					saved.Add(1)
				case incident.KindOf(err) == incident.Conflict:
					refused.Add(1)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, saved.Load())
		require.EqualValues(t, 9, refused.Load())
	})
}

func TestCatalogUses(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		used := someIncident("INC-1")
		used.Holder = "ana"
		used.Roles = map[incident.Role]string{incident.Commander: "cai"}
		used.Responders = []string{"dee"}
		used.Offers = []incident.Offer{{Role: incident.Scribe, To: "eva"}}
		used.Updates.Heard = []string{"staff"}
		used.FollowUps = []incident.FollowUp{
			{ID: "1", Owner: "fay", State: incident.FollowUpOpen},
			{ID: "2", Owner: "nobody-any-more", State: incident.FollowUpDone},
		}
		used.Summonses = []*incident.Summons{
			{ID: "alert-1", Levels: []oncall.Level{{Targets: []oncall.Target{{Team: "network"}}}}},
			{ID: "alert-0", Ended: noon(), Levels: []oncall.Level{{Targets: []oncall.Target{{Team: "over"}}}}},
		}
		used.Policy = catalog.Policy{
			Leads: []string{"gus"}, LastResort: []string{"hal"},
			Escalation: oncall.EscalationPolicy{ID: "payments-first", Levels: []oncall.Level{
				{Targets: []oncall.Target{{Schedule: "payments/secondary"}}},
			}},
			Severities: []catalog.Severity{{External: &catalog.ResponsePolicy{
				Commander: catalog.Commander{Schedule: "commanders"},
				Updates:   catalog.Updates{Audiences: []string{"customers"}},
			}}},
		}
		over := someIncident("INC-2")
		over.Phase, over.Service = incident.Closed, "gone"
		record(t, s, used)
		record(t, s, over)

		uses, err := s.CatalogUses(t.Context())
		require.NoError(t, err)
		got := map[string][]string{}
		for _, u := range uses {
			require.Equal(t, "INC-1", u.Incident)
			got[u.Noun] = append(got[u.Noun], u.ID)
		}
		require.Equal(t, map[string][]string{
			"audience":          {"customers", "staff"},
			"escalation policy": {"payments-first"},
			"person":            {"ana", "cai", "dee", "eva", "fay", "gus", "hal"},
			"schedule":          {"commanders", "payments"},
			"service":           {"checkout"},
			"severity":          {"SEV2"},
			"team":              {"network", "payments"},
		}, got)
	})
}
