package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/changefeed"
	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/github"
	"github.com/tocsinhq/tocsin/store"
)

// changing is a world that takes changes: checkout depends on payments, which
// is built from a repository.
func changing(t *testing.T) (*world, *apitest.Suspicions) {
	t.Helper()
	told := &apitest.Suspicions{}
	return newWorld(t, func(config *api.Config) {
		c := example(t)
		for n, s := range c.Services {
			switch s.ID {
			case "checkout":
				c.Services[n].DependsOn = []string{"payments"}
			case "payments":
				c.Services[n].Changes = catalog.Changes{
					Repositories: []string{"acme/payments"}, Undo: catalog.Undo{Runbook: "rollback", Params: map[string]string{"target": "payments"}},
				}
			}
		}
		config.Catalogs = apitest.Catalogs{Store: apitest.NewStore(c)}
		config.Changes = &changefeed.Feed{Keeper: config.Duty.(*store.Store), Incidents: config.Store, Suspicions: told}
		config.ReadGitHub = func(header http.Header, body []byte) (changes.InRepository, error) {
			return github.ParseWebhook("s3cret", header, body)
		}
	}), told
}

const deployed = `{"id": "deploy-1", "service": "checkout", "version": "2.4.0", "before": "2.3.1", "author": "alice", "lines": 412,
	"link": "https://ci.example.org/1", "at": "2026-03-01T01:56:00Z", "undo": {"runbook": "rollback", "params": {"target": "checkout"}}}`

func TestAChangeIsTakenRankedAndToldToOpenIncidents(t *testing.T) {
	w, told := changing(t)
	var taken client.ChangeTaken
	w.do("alertmanager", "POST", "/v1/changes", deployed).want(202, &taken)
	require.Equal(t, client.ChangeTaken{Added: true, Incidents: []string{"INC-1"}}, taken)
	require.Len(t, told.Told("INC-1"), 1)
	require.Equal(t, "checkout 2.4.0 (deployment by alice): 3 min before it began, the same service, 412 lines", told.Told("INC-1")[0].String())

	w.do("alertmanager", "POST", "/v1/changes", deployed).want(202, &taken)
	require.False(t, taken.Added, "the same report counts once")

	w.do("alertmanager", "POST", "/v1/changes", `{"id": "1", "service": "payments", "at": "2026-03-01T01:58:00Z"}`).want(202, &taken)
	require.Equal(t, []string{"INC-1"}, taken.Incidents, "checkout depends on it")
	w.do("alertmanager", "POST", "/v1/changes", `{"id": "2", "service": "search"}`).want(202, &taken)
	require.Equal(t, client.ChangeTaken{Added: true, Incidents: []string{}}, taken)
	w.do("alertmanager", "POST", "/v1/changes", `{"id": "4", "service": "search", "at": "2026-03-01T02:00:00Z", "undo": {"runbook": "rolback"}}`).want(202, &taken)
	require.Equal(t, client.ChangeTaken{Added: true, Incidents: []string{}, UnknownUndo: "rolback"}, taken)
	w.do("alertmanager", "POST", "/v1/changes", `{"id": "3", "service": "checkout", "at": "2026-02-27T00:00:00Z"}`).want(202, &taken)
	require.Empty(t, taken.Incidents, "it is too long ago")

	var suspects client.SuspectList
	w.do("alice", "GET", "/v1/incidents/INC-1/suspects", "").want(200, &suspects)
	require.Len(t, suspects.Suspects, 2)
	require.Equal(t, "deploy-1", suspects.Suspects[0].Change.ID)
	require.Equal(t, "alertmanager", suspects.Suspects[0].Change.Source)
	require.Equal(t, []string{"1 min before it began", "checkout depends on it"}, suspects.Suspects[1].Reasons)
	require.Equal(t, changes.Undo{Runbook: "rollback", Params: map[string]string{"target": "payments"}}, suspects.Suspects[1].Change.Undo,
		"the catalog says how a deployment of payments is undone")
	w.do("alice", "GET", "/v1/incidents/INC-9/suspects", "").problem(404, "not-found")

	for query, want := range map[string]string{
		"": "search/4 search/2 payments/1 checkout/deploy-1 checkout/3", "?service=checkout": "checkout/deploy-1 checkout/3", "?kind=push": "",
		"?source=github": "", "?since=2026-03-01T01:57:00Z": "search/4 search/2 payments/1", "?until=2026-03-01T00:00:00Z": "checkout/3",
	} {
		var list client.ChangeList
		w.do("alice", "GET", "/v1/changes"+query, "").want(200, &list)
		var got []string
		for _, c := range list.Changes {
			got = append(got, c.Service+"/"+c.ID)
		}
		require.Equal(t, want, strings.Join(got, " "), query)
	}
}

func TestNothingOfAChangeIsLostWhenAnIncidentCannotBeTold(t *testing.T) {
	w, told := changing(t)
	told.Fail(errDown)
	w.do("alertmanager", "POST", "/v1/changes", deployed).problem(503, "unavailable")
	told.Fail(nil)
	var taken client.ChangeTaken
	w.do("alertmanager", "POST", "/v1/changes", deployed).want(202, &taken)
	require.Equal(t, []string{"INC-1"}, taken.Incidents, "whoever reports again is heard by the incident")
	told.Fail(incident.Errorf(incident.NotFound, "it has ended"))
	w.do("alertmanager", "POST", "/v1/changes", deployed).want(202, &taken)
}

func TestAReportOfAChangeIsRefused(t *testing.T) {
	w, _ := changing(t)
	for body, want := range map[string]string{
		`{"id": "1"}`: "service", `{"service": "checkout"}`: "id",
		`{"id": "1", "service": "nothing"}`:                                                             "no service nothing",
		`{"id": "1", "service": "checkout", "at": "2026-03-01T03:00:00Z"}`:                              "not taken effect",
		`{"id": "1", "service": "checkout", "link": "javascript:alert(1)"}`:                             "link",
		`{"id": "1", "service": "checkout", "lines": -1}`:                                               "lines",
		`{"id": "1", "service": "checkout", "kind": "party"}`:                                           "kind",
		`{"id": "1\u0000", "service": "checkout"}`:                                                      "zero character",
		`{"id": "1", "service": "checkout", "undo": {"runbook": "Rm -rf"}}`:                             "undo",
		`{"id": "1", "service": "checkout", "undo": {"runbook": "rollback", "params": {"a": {"b":1}}}}`: "",
	} {
		answer := w.do("alertmanager", "POST", "/v1/changes", body)
		require.Contains(t, []int{400, 404}, answer.status, body)
		require.Contains(t, string(answer.body), want, body)
	}
	w.do("alice", "POST", "/v1/changes", deployed).problem(403, "forbidden")
	w.do("", "POST", "/v1/changes", deployed).problem(401, "unauthenticated")
	w.key(`{"kind": "machine", "subject": "alertmanager", "scopes": ["alerts"], "source": "changes", "service": "search"}`)
	require.Contains(t, w.do("key", "POST", "/v1/changes", deployed).problem(403, "forbidden").Detail, "bound to the service search")
	require.Equal(t, 202, w.do("key", "POST", "/v1/changes", `{"id": "1", "service": "search"}`).status)
	newWorld(t).do("alertmanager", "POST", "/v1/changes", deployed).problem(404, "not-found")
}

func TestGitHubReportsChanges(t *testing.T) {
	w, told := changing(t)
	push := `{"ref": "refs/heads/main", "after": "4711aaaa4711aaaa", "before": "0815bbbb", "compare": "https://github.com/acme/payments/compare/a...b",
		"repository": {"full_name": "acme/payments", "default_branch": "main", "pushed_at": 1772330220}, "sender": {"login": "alice"},
		"head_commit": {"message": "Retry less\n\nlong text", "timestamp": "2026-02-22T01:57:00Z"}}`
	var taken client.ChangeTaken
	w.github("push", push).want(202, &taken)
	require.Equal(t, client.ChangeTaken{Added: true, Incidents: []string{"INC-1"}}, taken)
	require.Contains(t, told.Told("INC-1")[0].String(), "payments 4711aaaa4711 (push by alice): 2 min before it began, checkout depends on it")
	w.github("push", strings.ReplaceAll(push, "acme/payments", "acme/other")).want(202, &taken)
	require.Equal(t, client.ChangeTaken{Incidents: []string{}}, taken, "no service is built from it")
	w.github("ping", `{"zen": "Keep it logically awesome."}`).want(202, &taken)
	require.False(t, taken.Added)
	ahead := strings.NewReplacer("4711aaaa4711aaaa", "4712aaaa4712aaaa", "1772330220", "1772340000").Replace(push)
	w.github("push", ahead).want(202, &taken)
	require.True(t, taken.Added, "GitHub's clock is ahead: it counts from now")
	w.github("push", `{}`).problem(400, "invalid")
	w.github("push", push, header("X-Hub-Signature-256", "sha256=0f5b")).problem(401, "unauthenticated")
	newWorld(t).github("push", push).problem(404, "not-found")
}

// What broke production is not a preview of a pull request, and production is not
// to be rolled back for it.
func TestOnlyADeploymentToProductionIsOneOfTheService(t *testing.T) {
	w, _ := changing(t)
	status := `{"deployment_status": {"state": "success", "created_at": "2026-03-01T01:57:00Z"},
		"deployment": {"id": 42, "sha": "4711aaaa4711aaaa", "ref": "main", "environment": "ENVIRONMENT", "creator": {"login": "alice"}},
		"repository": {"full_name": "acme/payments", "default_branch": "main"}}`
	for _, environment := range []string{"preview-pr-77", "staging", "production"} {
		var taken client.ChangeTaken
		w.github("deployment_status", strings.Replace(status, "ENVIRONMENT", environment, 1)).want(202, &taken)
		require.Equal(t, environment == "production", taken.Added, environment)
	}
}

// github posts a webhook of GitHub.
func (w *world) github(event, body string, options ...option) answer {
	w.t.Helper()
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte(body))
	signed := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	return w.do("", "POST", "/v1/webhooks/github", body, append([]option{header("X-GitHub-Event", event), header("X-Hub-Signature-256", signed)}, options...)...)
}
