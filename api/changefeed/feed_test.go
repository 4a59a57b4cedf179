package changefeed_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/changefeed"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

type keeper struct{}

func (keeper) AddChange(_ context.Context, c changes.Change, _ time.Time) (changes.Change, bool, error) {
	return c, true, nil
}

// incidents are found as the store finds them: too many rather than too few.
type incidents []*incident.Incident

func (list incidents) Incidents(_ context.Context, f store.IncidentFilter) ([]*incident.Incident, string, error) {
	var out []*incident.Incident
	for _, i := range list {
		if f.Touches != "" || i.Service == f.Service {
			out = append(out, i)
		}
	}
	return out, "", nil
}

// listeners are incidents that hear what may have caused them; some have ended.
type listeners map[string]error

func (l listeners) Suspect(_ context.Context, number string, _ []incident.Suspect) error {
	return l[number]
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func opened(number, service string, affected ...string) *incident.Incident {
	i := incident.New(incident.Opening{
		Number: number, Title: "x", Key: "k", Policy: catalog.Policy{Service: service}, At: noon, By: incident.Machine("am"), Source: "am",
	})
	i.Affected = affected
	return i
}

func TestWhoMayBeAffectedIsToldOnce(t *testing.T) {
	cat := &catalog.Catalog{Services: []catalog.Service{{ID: "search"}, {ID: "shop", DependsOn: []string{"search"}}, {ID: "mail"}}}
	change := changes.Change{ID: "1", Source: "ci", Kind: changes.Deployment, Service: "search", At: noon.Add(-time.Minute)}
	feed := &changefeed.Feed{
		Keeper: keeper{},
		Incidents: incidents{
			opened("INC-1", "search"), opened("INC-2", "mail", "search"), opened("INC-3", "shop", "search"), opened("INC-4", "shop"),
			opened("INC-5", "mail"), opened("INC-6", "search"),
		},
		Suspicions: listeners{"INC-6": incident.Errorf(incident.NotFound, "it has ended")},
	}
	got, err := feed.Take(t.Context(), cat, change, noon)
	require.NoError(t, err)
	require.Equal(t, changefeed.Taken{Added: true, Incidents: []string{"INC-1", "INC-2", "INC-3", "INC-4"}}, got,
		"those of the service, of one that depends on it, and where it is affected; who has ended was not told")

	feed.Suspicions = listeners{"INC-2": incident.Errorf(incident.Unavailable, "nobody knows")}
	_, err = feed.Take(t.Context(), cat, change, noon)
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

// hears is an incident that remembers what may have caused it.
type hears struct{ list []incident.Suspect }

func (h *hears) Suspect(_ context.Context, _ string, list []incident.Suspect) error {
	h.list = append(h.list, list...)
	return nil
}

// A step of a pipeline that is repeated, and does not say when, deployed nothing
// anew.
func TestARepeatedReportIsToldAsItWasReportedFirst(t *testing.T) {
	cat := &catalog.Catalog{Services: []catalog.Service{{ID: "search"}}}
	h := &hears{}
	feed := &changefeed.Feed{Keeper: storetest.Open(t, storetest.SQLite(t)), Suspicions: h, Incidents: incidents{}}
	c := changes.Change{ID: "deploy-1", Source: "ci", Kind: changes.Deployment, Service: "search", At: noon.Add(-3 * time.Hour)}
	_, err := feed.Take(t.Context(), cat, c, c.At)
	require.NoError(t, err)
	feed.Incidents = incidents{opened("INC-1", "search")}
	c.At = noon.Add(time.Minute)
	_, err = feed.Take(t.Context(), cat, c, c.At)
	require.NoError(t, err)
	require.Len(t, h.list, 1)
	require.Equal(t, noon.Add(-3*time.Hour), h.list[0].At)
}
