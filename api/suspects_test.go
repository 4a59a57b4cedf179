package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
)

// takenBack reports a deployment of checkout with an undo, puts incidents on
// record, and returns which run took it back as INC-1 sees it.
func takenBack(t *testing.T, undo string, incidents ...*incident.Incident) string {
	t.Helper()
	w, _ := changing(t)
	w.do("alertmanager", "POST", "/v1/changes", `{"id": "deploy-1", "service": "checkout", "at": "2026-03-01T01:56:00Z", "undo": `+undo+`}`).want(202)
	for _, i := range incidents {
		w.store.Put(i)
	}
	var suspects client.SuspectList
	w.do("alice", "GET", "/v1/incidents/INC-1/suspects", "").want(200, &suspects)
	require.Len(t, suspects.Suspects, 1)
	return suspects.Suspects[0].TakenBack
}

// ranRollback is an incident that had something rolled back: what somebody gave,
// over what the catalog offers.
func ranRollback(number string, offered, given map[string]string) *incident.Incident {
	i := sample(number)
	i.Runbooks = []incident.RunbookOffered{{Name: "rollback", Params: offered}}
	i.Runs = []incident.Run{{ID: number + "/runbook/rollback/1", Name: "rollback", Params: given, State: incident.RunDone, Started: night.Add(time.Minute)}}
	return i
}

func TestWhatARunTookBackIsToldByAllItsParameters(t *testing.T) {
	const named, unnamed = `{"runbook": "rollback", "params": {"target": "checkout"}}`, `{"runbook": "rollback"}`
	checkout, search := map[string]string{"target": "checkout"}, map[string]string{"target": "search"}
	for name, test := range map[string]struct {
		undo           string
		offered, given map[string]string
		want           bool
	}{
		"given":                            {named, nil, checkout, true},
		"offered by the catalog":           {named, checkout, nil, true},
		"another, by the catalog":          {named, search, nil, false},
		"another, over the catalog's":      {named, checkout, search, false},
		"left to the catalog":              {unnamed, checkout, nil, true},
		"left to the catalog, and given":   {unnamed, checkout, checkout, true},
		"left to the catalog, and another": {unnamed, checkout, search, false},
	} {
		want := ""
		if test.want {
			want = "INC-1/runbook/rollback/1"
		}
		require.Equal(t, want, takenBack(t, test.undo, ranRollback("INC-1", test.offered, test.given)), name)
	}
}

// One bad deployment opens an incident for each service that it breaks.
func TestWhatARunOfAnotherIncidentTookBackIsTakenBack(t *testing.T) {
	undo := `{"runbook": "rollback", "params": {"target": "checkout"}}`
	other := ranRollback("INC-2", map[string]string{"target": "checkout"}, nil)
	require.Equal(t, "INC-2/runbook/rollback/1", takenBack(t, undo, other))
	other.Runs[0].Params = map[string]string{"target": "search"}
	require.Empty(t, takenBack(t, undo, other))
}

// Somebody deployed something else before anything was rolled back, and that is
// what was: by then nobody suspects it, since the incident was there already.
func TestARollbackTakesTheLatestDeploymentBackAlsoWhereItIsNoSuspect(t *testing.T) {
	w, _ := changing(t)
	for id, at := range map[string]string{"bad": "01:56:00", "hotfix": "02:04:00"} {
		w.do("alertmanager", "POST", "/v1/changes", `{"id": "`+id+`", "service": "checkout", "at": "2026-03-01T`+at+`Z", "undo": {"runbook": "rollback", "params": {"target": "checkout"}}}`).want(202)
	}
	i := ranRollback("INC-1", nil, map[string]string{"target": "checkout"})
	i.Runs[0].Started = night.Add(5 * time.Minute)
	w.store.Put(i)
	var suspects client.SuspectList
	w.do("alice", "GET", "/v1/incidents/INC-1/suspects", "").want(200, &suspects)
	require.Len(t, suspects.Suspects, 1)
	require.Equal(t, "bad", suspects.Suspects[0].Change.ID)
	require.Empty(t, suspects.Suspects[0].TakenBack, "the hotfix was taken back")
}
