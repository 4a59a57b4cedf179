package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/catalog"
)

// leave puts a catalog in force that has nobody but grace.
func (w *world) leave() {
	w.t.Helper()
	_, err := w.store.SaveCatalog(w.t.Context(), &catalog.Catalog{People: []catalog.Person{{ID: "grace"}}}, 1, "grace")
	require.NoError(w.t, err)
}

func TestWhoLeftTheCatalogMayDoNothing(t *testing.T) {
	w := newWorld(t)
	w.grant("person", "bob", api.ScopeAdmin)
	w.do("bob", "GET", "/v1/tokens", "").want(200)
	link := w.link()
	w.leave()
	fill := strings.NewReplacer("{number}", "INC-1", "{id}", "1", "{role}", "scribe", "{question}", "q", "{sequence}", "1")
	for path, item := range document(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security != nil && len(*op.Security) == 0 {
				continue
			}
			for _, who := range []string{"bob", "alertmanager"} {
				got := w.do(who, method, fill.Replace(path), "").want(403)
				require.Contains(t, string(got.body), who+" is not in the catalog", op.OperationID)
			}
		}
	}
	for _, request := range [][2]string{{http.MethodGet, link}, {http.MethodPost, link}, {http.MethodGet, link + "/incident"}} {
		require.Contains(t, string(w.do("", request[0], request[1], "").want(403).body), "alice is not in the catalog")
	}
	require.Empty(t, w.commands.Sent())
	w.do("grace", "GET", "/v1/incidents", "").want(200)
}

func TestBeforeTheFirstCatalogATokenIsEnough(t *testing.T) {
	w := newWorld(t)
	_, err := w.store.SaveCatalog(t.Context(), nil, 1, "")
	require.NoError(t, err)
	w.do("alice", "GET", "/v1/me", "").want(200)
	w.do("alice", "POST", "/v1/incidents/INC-1/acknowledge", "").want(200)
}

func TestLeavingTheCatalogEndsStreams(t *testing.T) {
	w := newWorld(t)
	events, _ := w.watch("/v1/events", "")
	w.leave()
	select {
	case _, open := <-events:
		require.False(t, open)
	case <-time.After(10 * time.Second):
		require.Fail(t, "the stream goes on")
	}
}
