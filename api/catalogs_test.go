package api_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/catalog"
)

type change struct {
	Version  int
	Changes  []catalog.Change
	Problems []string
	Used     []string
}

// files is the body of a request with the example catalog, edited.
func files(t *testing.T, more string, edit ...string) string {
	t.Helper()
	paths, err := filepath.Glob("../deployments/catalog/*.yaml")
	require.NoError(t, err)
	var list []map[string]string
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		list = append(list, map[string]string{"name": filepath.Base(path), "data": strings.NewReplacer(edit...).Replace(string(data))})
	}
	body, err := json.Marshal(map[string]any{"files": list})
	require.NoError(t, err)
	return strings.TrimSuffix(string(body), "}") + more + "}"
}

func TestCatalogShowsNoAddress(t *testing.T) {
	w := newWorld(t)
	got := w.do("alice", "GET", "/v1/catalog", "").want(200)
	require.Contains(t, string(got.body), `"id":"alice"`)
	require.NotContains(t, string(got.body), "@example.org")
	require.NotContains(t, string(got.body), "8090")
	w.store.Fail(errDown)
	w.do("alice", "GET", "/v1/catalog", "").want(200)
}

func TestApplyCatalog(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog)
	w.grant("machine", "deployer", api.ScopeCatalog)
	var out change
	w.do("heidi", "PUT", "/v1/catalog", files(t, "")).want(200, &out)
	require.Equal(t, 1, out.Version, "equal files make no version")
	require.Empty(t, out.Changes)

	w.do("deployer", "PUT", "/v1/catalog", files(t, `,"base":1`, "name: Payments", "name: Money")).want(200, &out)
	require.Equal(t, 2, out.Version)
	require.NotEmpty(t, out.Changes)
	p := w.do("heidi", "PUT", "/v1/catalog", files(t, `,"base":1`)).problem(409, "conflict")
	require.Contains(t, p.Detail, "version 2 is in force")
	w.do("alice", "PUT", "/v1/catalog", files(t, "")).problem(403, "forbidden")
}

func TestCatalogWithProblemsChangesNothing(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead)
	bad := files(t, "", "members: [alice, bob, carol]", "members: [alice, nobody]")
	p := w.do("heidi", "PUT", "/v1/catalog", bad).problem(400, "invalid")
	require.NotEmpty(t, p.Missing)
	require.Contains(t, strings.Join(p.Missing, "\n"), "teams.yaml:")
	var out change
	w.do("heidi", "POST", "/v1/catalog/validate", bad).want(200, &out)
	require.Equal(t, p.Missing, out.Problems)
	w.do("heidi", "POST", "/v1/catalog/validate", files(t, "")).want(200, &out)
	require.Empty(t, out.Problems)
	require.Equal(t, 1, out.Version)
}

func TestNobodyShutsThemselvesOutByMistake(t *testing.T) {
	w := newWorld(t)
	w.grant("machine", "deployer", api.ScopeCatalog)
	without := files(t, "", "  - {id: deployer, name: Deployment pipeline}\n", "")
	p := w.do("deployer", "PUT", "/v1/catalog", without).problem(409, "refused")
	require.Equal(t, []string{"the machine deployer in the files"}, p.Missing)
	w.do("deployer", "PUT", "/v1/catalog", strings.TrimSuffix(without, "}")+`,"force":true}`).want(200)
	w.do("deployer", "PUT", "/v1/catalog", without).problem(403, "forbidden")
}

func TestRemovingWhatAnOpenIncidentUsesIsRefused(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "heidi", api.ScopeCatalog, api.ScopeRead)
	i := sample("INC-8")
	i.Policy, _ = w.store.Catalog().Policy("search")
	w.store.Put(i)
	without := files(t, "", "  - id: search\n", "  - id: find\n")
	p := w.do("heidi", "PUT", "/v1/catalog", without).problem(409, "refused")
	require.Equal(t, []string{"service search is used by INC-8"}, p.Missing)
	var out change
	w.do("heidi", "POST", "/v1/catalog/validate", without).want(200, &out)
	require.Equal(t, p.Missing, out.Used)
	w.do("heidi", "PUT", "/v1/catalog", strings.TrimSuffix(without, "}")+`,"force":true}`).want(200, &out)
	require.Equal(t, 2, out.Version)
	require.Equal(t, p.Missing, out.Used)
	w.store.Fail(errDown)
	w.do("heidi", "PUT", "/v1/catalog", without).problem(503, "unavailable")
}
