package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
)

// beating is a world whose catalog expects the heartbeat of a backup.
func beating(t *testing.T) *world {
	t.Helper()
	c := example(t)
	c.Heartbeats = []catalog.Heartbeat{{ID: "backup", Service: "search", Every: time.Hour, Grace: 10 * time.Minute}}
	return newWorld(t, func(config *api.Config) { config.Catalogs = apitest.Catalogs{Store: apitest.NewStore(c)} })
}

func TestHeartbeats(t *testing.T) {
	w := beating(t)
	var list client.HeartbeatList
	w.do("alice", "GET", "/v1/heartbeats", "").want(200, &list)
	require.Equal(t, client.Heartbeat{Id: "backup", Service: "search", Every: "1h0m0s", Grace: "10m0s", State: "waiting"}, list.Heartbeats[0])
	w.key(`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "heartbeat", "service": "search"}`)
	w.do("key", "POST", "/v1/heartbeats/backup", "").want(204)
	w.do("alice", "GET", "/v1/heartbeats", "").want(200, &list)
	require.Equal(t, client.HeartbeatState("alive"), list.Heartbeats[0].State)
	require.Equal(t, night, list.Heartbeats[0].SeenAt)
}

func TestHeartbeatsRefuse(t *testing.T) {
	w := beating(t)
	w.do("alertmanager", "POST", "/v1/heartbeats/unknown", "").problem(404, "not-found")
	w.do("alertmanager", "GET", "/v1/heartbeats/backup", "").problem(405, "method-not-allowed")
	w.do("alice", "POST", "/v1/heartbeats/backup", "").problem(403, "forbidden")
	w.do("", "POST", "/v1/heartbeats/backup", "").problem(401, "unauthenticated")
	w.key(`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "heartbeat", "service": "payments"}`)
	require.Contains(t, w.do("key", "POST", "/v1/heartbeats/backup", "").problem(403, "forbidden").Detail, "bound to the service payments")
}
