package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

func TestOutputsAreReadAndRedacted(t *testing.T) {
	w := newWorld(t)
	kept := w.config.Evidence.(*store.Store)
	first := incident.Output{ID: "a-1-1", Run: "INC-1/runbook/a/1", Title: "Pods", Body: "<b>3 of 4</b>\n", Bytes: 14, At: night}
	second := incident.Output{ID: "b-2-1", Run: "INC-1/runbook/b/2", Title: "Rows", Body: "none", Bytes: 4, Removed: 2, At: night.Add(1e9)}
	require.NoError(t, kept.KeepOutput(t.Context(), "INC-1", first))
	require.NoError(t, kept.KeepOutput(t.Context(), "INC-1", second))

	var list client.OutputList
	w.do("alice", "GET", "/v1/incidents/INC-1/outputs", "").want(200, &list)
	require.Equal(t, []incident.Output{second, first}, list.Outputs)
	list = client.OutputList{}
	w.do("alice", "GET", "/v1/incidents/INC-1/outputs?run=a-1", "").want(200, &list)
	require.Equal(t, []incident.Output{first}, list.Outputs)
	list = client.OutputList{}
	w.do("alice", "GET", "/v1/incidents/INC-1/outputs?run=a-1&limit=1", "").want(200, &list)
	require.Equal(t, []incident.Output{first}, list.Outputs, "though that of another run is later")
	var one client.Output
	w.do("alice", "GET", "/v1/incidents/INC-1/outputs/a-1-1", "").want(200, &one)
	require.Equal(t, first, one)
	page := string(w.do("alice", "GET", "/incidents/INC-1", "").body)
	require.Contains(t, page, "<pre>&lt;b&gt;3 of 4&lt;/b&gt;\n</pre>")

	w.grant("person", "frank", api.ScopeRead, api.ScopeRespond)
	w.grant("person", "dave", api.ScopeRead, api.ScopeRespond)
	w.do("frank", "POST", "/v1/incidents/INC-1/outputs/a-1-1/redact", `{"reason": "a name"}`).problem(403, "forbidden")
	w.do("dave", "POST", "/v1/incidents/INC-1/outputs/a-1-1/redact", `{}`).problem(400, "invalid")
	one = client.Output{}
	require.Equal(t, 204, w.do("dave", "POST", "/v1/incidents/INC-1/outputs/a-1-1/redact", `{"reason": "a name"}`).status)
	w.do("alice", "GET", "/v1/incidents/INC-1/outputs/a-1-1", "").want(200, &one)
	require.Equal(t, "dave", one.RedactedBy)
	require.Equal(t, "Redacted by dave: a name", one.Body)
	require.Equal(t, "(redacted)", one.Title)
	require.Contains(t, string(w.do("alice", "GET", "/incidents/INC-1", "").body), "Redacted by dave: a name")

	for _, path := range []string{"INC-9/outputs", "INC-9/outputs/a-1-1", "INC-1/outputs/x"} {
		w.do("alice", "GET", "/v1/incidents/"+path, "").problem(404, "not-found")
	}
	w.grant("machine", "alertmanager", api.ScopeAlerts)
	w.do("alertmanager", "GET", "/v1/incidents/INC-1/outputs", "").problem(403, "forbidden")
}
