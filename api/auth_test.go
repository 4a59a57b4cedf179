package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/store"
)

// Every operation that the contract does not call open refuses a stranger,
// before it looks at anything else.
func TestNothingButHealthAndLinksIsOpen(t *testing.T) {
	w := newWorld(t)
	doc := document(t)
	open := map[string]bool{
		"getHealth": true, "getReadiness": true, "postJiraWebhook": true, "postGithubWebhook": true, "postTwilioText": true, "postTwilioStatus": true,
		"showAcknowledge": true, "postAcknowledge": true, "showLinkedIncident": true, "showCalendar": true,
	}
	fill := strings.NewReplacer("{number}", "INC-1", "{id}", "1", "{role}", "scribe", "{question}", "q", "{sequence}", "1", "{token}", "t")
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			for _, token := range []string{"", "Bearer ", "Bearer toc_wrong", "Basic !!", "Digest x"} {
				got := w.do("", method, fill.Replace(path), "", header("Authorization", token))
				if open[op.OperationID] {
					require.NotEqual(t, "Bearer", got.header.Get("WWW-Authenticate"), op.OperationID)
					continue
				}
				got.problem(401, "unauthenticated")
				require.Contains(t, got.header.Get("WWW-Authenticate"), "Bearer", op.OperationID)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	w := newWorld(t)
	holders := map[string]string{"alerts": "bob", "read": "carol", "respond": "dave", "catalog": "erin", "metrics": "frank"}
	for scope, person := range holders {
		w.grant("person", person, scope)
	}
	for _, tc := range []struct{ method, path, scope string }{
		{"GET", "/v1/incidents", "read"},
		{"GET", "/v1/oncall", "read"},
		{"POST", "/v1/alerts/generic", "alerts"},
		{"PUT", "/v1/catalog", "catalog"},
		{"POST", "/v1/incidents/INC-1/close", "respond"},
		{"GET", "/metrics", "metrics"},
		{"GET", "/v1/tokens", "admin"},
	} {
		for scope, person := range holders {
			got := w.do(person, tc.method, tc.path, "")
			if scope == tc.scope {
				require.NotContains(t, string(got.body), `needs the scope`, "%s %s", scope, tc.path)
				continue
			}
			require.Contains(t, got.problem(403, "forbidden").Detail, tc.scope)
		}
		require.NotEqual(t, 403, w.do("grace", tc.method, tc.path, "").status, "an administrator may do all of it")
	}
}

func TestTokensEnd(t *testing.T) {
	w := newWorld(t)
	text := api.MintToken()
	w.tokens["soon over"] = text
	require.NoError(t, w.store.CreateToken(context.Background(), store.Token{
		ID: "soon", Hash: api.HashToken(text), Kind: "person", Owner: "bob", Scopes: []string{"read"}, Expires: night.Add(time.Minute),
	}))
	w.do("soon over", "GET", "/v1/me", "").want(200)
	w.clock.Move(time.Minute)
	require.Contains(t, w.do("soon over", "GET", "/v1/me", "").problem(401, "unauthenticated").Detail, "expired")

	w.do("alice", "GET", "/v1/me", "").want(200)
	w.do("grace", "DELETE", "/v1/tokens/token-of-alice", "").want(204)
	w.do("alice", "GET", "/v1/me", "").problem(401, "unauthenticated")
	w.do("grace", "DELETE", "/v1/tokens/nothing", "").problem(404, "not-found")
}

func TestTokensAreRememberedWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.do("alice", "GET", "/v1/me", "").want(200)
	}
	require.Equal(t, 1, w.store.TokenLookUps(), "the store is not asked for each request")
	w.store.Fail(errDown)
	w.clock.Move(23 * time.Hour)
	w.do("alice", "GET", "/v1/me", "").want(200)
	w.do("grace", "GET", "/v1/me", "").problem(503, "unavailable")
	w.clock.Move(2 * time.Hour)
	w.do("alice", "GET", "/v1/me", "").problem(503, "unavailable")
	w.store.Fail(nil)
	w.do("alice", "GET", "/v1/me", "").want(200)
}

func TestTheLastUseOfATokenIsKnownToWithinAnHour(t *testing.T) {
	w := newWorld(t)
	lastUsed := func() time.Time {
		token, err := w.store.TokenByHash(t.Context(), api.HashToken(w.tokens["alice"]))
		require.NoError(t, err)
		return token.LastUsed
	}
	require.True(t, lastUsed().IsZero())
	noted := func(at time.Time) func() bool { return func() bool { return lastUsed().Equal(at) } }
	for range 5 {
		w.do("alice", "GET", "/v1/me", "").want(200)
		require.Eventually(t, noted(night), 5*time.Second, time.Millisecond)
		w.clock.Move(11 * time.Minute) // longer than the store's word on it counts
	}
	require.Equal(t, 1, w.store.TokenTouches(), "not at each request")
	w.clock.Move(10 * time.Minute)
	w.do("alice", "GET", "/v1/me", "").want(200)
	require.Eventually(t, noted(night.Add(65*time.Minute)), 5*time.Second, time.Millisecond)
	require.Equal(t, 2, w.store.TokenTouches())
}

func TestTokenLifeCycle(t *testing.T) {
	w := newWorld(t)
	var made struct{ Token, ID string }
	got := w.do("grace", "POST", "/v1/tokens", `{"kind":"machine","subject":"deployer","name":"ci","scopes":["alerts"]}`).want(201, &made)
	require.NotEmpty(t, made.Token)
	require.Equal(t, "no-store", got.header.Get("Cache-Control"))
	w.tokens["deployer"] = made.Token
	var me struct {
		Kind, ID string
		Scopes   []string
	}
	w.do("deployer", "GET", "/v1/me", "").want(200, &me)
	require.Equal(t, "machine deployer [alerts]", fmt.Sprint(me.Kind, " ", me.ID, " ", me.Scopes))
	list := w.do("grace", "GET", "/v1/tokens", "").want(200)
	require.Contains(t, string(list.body), made.ID)
	require.NotContains(t, string(list.body), made.Token)
	require.NotContains(t, string(list.body), api.HashToken(made.Token))
	require.NotContains(t, w.log.String(), made.Token)

	for body, field := range map[string]string{
		`{"kind":"machine","subject":"x","scopes":["alerts"]}`:                                      "subject",
		`{"kind":"person","subject":"deployer","scopes":["read"]}`:                                  "subject",
		`{"kind":"machine","subject":"deployer","scopes":["admin"]}`:                                "scopes",
		`{"kind":"machine","subject":"deployer","scopes":[]}`:                                       "scopes",
		`{"kind":"machine","subject":"deployer","scopes":["root"]}`:                                 "scopes[0]",
		`{"kind":"person","subject":"alice","scopes":["read"],"expires_at":"2020-01-01T00:00:00Z"}`: "expires_at",
		`{"kind":"robot","subject":"alice","scopes":["read"]}`:                                      "kind",
	} {
		require.Equal(t, field, w.do("grace", "POST", "/v1/tokens", body).problem(400, "invalid").Field, body)
	}
}

func TestBasicAuthenticationOnlyWhereTheContractSaysSo(t *testing.T) {
	w := newWorld(t)
	basic := func(owner string) option {
		return func(r *http.Request) { r.SetBasicAuth("anything", w.tokens[owner]) }
	}
	w.do("", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"a":"b"}}`, basic("alertmanager")).want(202)
	w.do("", "GET", "/incidents/INC-1", "", basic("alice")).want(200)
	w.do("", "GET", "/v1/incidents", "", basic("alice")).problem(401, "unauthenticated")
	got := w.do("", "GET", "/incidents/INC-1", "").want(401)
	require.Contains(t, strings.Join(got.header.Values("WWW-Authenticate"), " "), "Basic", "a browser asks for the token")
}

func TestRequestIDs(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, "from-proxy-1", w.do("", "GET", "/healthz", "", header("X-Request-Id", "from-proxy-1")).header.Get("X-Request-Id"))
	require.NotContains(t, w.do("", "GET", "/healthz", "", header("X-Request-Id", "<script>")).header.Get("X-Request-Id"), "<")
}

func TestPageTest(t *testing.T) {
	w := newWorld(t)
	var out struct {
		Person   string
		Contacts []struct {
			Contact    string
			HandedOver bool `json:"handed_over"`
			Error      string
		}
	}
	w.do("alice", "POST", "/v1/page-test", "").want(200, &out)
	require.Equal(t, "alice", out.Person)
	require.True(t, out.Contacts[0].HandedOver)
	require.False(t, out.Contacts[1].HandedOver)
	w.do("alice", "POST", "/v1/page-test", `{"person":"me"}`).want(200)
	w.do("alice", "POST", "/v1/page-test", `{"person":"bob"}`).problem(403, "forbidden")
	w.do("grace", "POST", "/v1/page-test", `{"person":"bob"}`).want(200)
	w.do("grace", "POST", "/v1/page-test", `{"person":"zoe"}`).problem(404, "not-found")
	none := newWorld(t, func(c *api.Config) { c.Pager = nil })
	none.do("alice", "POST", "/v1/page-test", "").problem(404, "not-found")
}
