package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
)

const (
	someAlert  = `{"status": "firing", "labels": {"alertname": "DiskFull"}}`
	someGroup  = `{"version": "4", "groupLabels": {}, "alerts": [{"status": "firing", "labels": {"alertname": "A"}, "annotations": {}}]}`
	boundOrder = `{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "generic", "service": "search"}`
)

// key makes a key and speaks with it as "key" from then on.
func (w *world) key(order string) client.NewToken {
	w.t.Helper()
	var made client.NewToken
	w.do("grace", "POST", "/v1/tokens", order).want(201, &made)
	w.tokens["key"] = made.Token
	return made
}

func TestAKeyIsBoundToItsSourceAndService(t *testing.T) {
	w := newWorld(t)
	made := w.key(boundOrder)
	w.do("key", "POST", "/v1/alerts/generic", someAlert).want(202)
	require.Equal(t, "search", w.intake.Deliveries()[0].Alerts[0].Service)
	require.Contains(t, w.do("key", "POST", "/v1/alerts/alertmanager", someGroup).problem(403, "forbidden").Detail, "bound to the source generic")
	w.do("key", "POST", "/v1/heartbeats/backup", "").problem(403, "forbidden")
	w.do("key", "GET", "/v1/incidents", "").problem(403, "forbidden")
	var list client.TokenList
	w.do("grace", "GET", "/v1/tokens", "").want(200, &list)
	last := list.Tokens[len(list.Tokens)-1]
	require.Equal(t, []string{made.Id, "generic", "search"}, []string{last.Id, last.Source, last.Service})
	require.NotContains(t, string(w.do("grace", "GET", "/v1/tokens", "").body), made.Token, "it is shown once")
}

func TestAKeyComesInThreeWays(t *testing.T) {
	w := newWorld(t)
	w.key(boundOrder)
	w.do("", "POST", "/v1/alerts/generic", someAlert, header("X-Tocsin-Key", w.tokens["key"])).want(202)
	w.do("", "POST", "/v1/alerts/generic", someAlert, func(r *http.Request) { r.SetBasicAuth("any", w.tokens["key"]) }).want(202)
	w.do("", "POST", "/v1/alerts/generic", someAlert, header("X-Tocsin-Key", "toc_wrong")).problem(401, "unauthenticated")
	w.do("", "GET", "/v1/incidents", "", header("X-Tocsin-Key", w.tokens["grace"])).problem(401, "unauthenticated")
}

func TestAKeyIsRotatedWithAnOverlap(t *testing.T) {
	w := newWorld(t)
	old := w.key(boundOrder)
	w.tokens["old"] = old.Token
	var fresh client.NewToken
	w.do("grace", "POST", "/v1/tokens/"+old.Id+"/rotate", `{"overlap_hours": 2}`).want(201, &fresh)
	w.tokens["fresh"] = fresh.Token
	for _, who := range []string{"old", "fresh"} {
		w.do(who, "POST", "/v1/alerts/generic", someAlert).want(202)
	}
	require.Equal(t, "search", w.intake.Deliveries()[1].Alerts[0].Service, "it is bound as the old one was")
	w.clock.Move(3 * time.Hour)
	w.do("old", "POST", "/v1/alerts/generic", someAlert).problem(401, "unauthenticated")
	w.do("fresh", "POST", "/v1/alerts/generic", someAlert).want(202)
	w.do("grace", "POST", "/v1/tokens/"+old.Id+"/rotate", `{}`).problem(404, "not-found")
	w.do("alice", "POST", "/v1/tokens/"+fresh.Id+"/rotate", `{}`).problem(403, "forbidden")
	w.do("grace", "DELETE", "/v1/tokens/"+fresh.Id, "").want(204)
}

func TestKeysThatMakeNoSenseAreRefused(t *testing.T) {
	w := newWorld(t)
	for order, field := range map[string]string{
		`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "pigeon"}`:                        "source",
		`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "service": "search"}`:                       "source",
		`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts", "read"], "source": "generic"}`:               "source",
		`{"kind": "person", "subject": "alice", "scopes": ["alerts"], "source": "generic"}`:                               "source",
		`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "generic", "service": "nothing"}`: "service",
	} {
		require.Equal(t, field, w.do("grace", "POST", "/v1/tokens", order).problem(400, "invalid").Field, order)
	}
}
