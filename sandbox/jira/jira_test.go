package jira_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/jira/jiracontract"
)

// site is a stand-in on a real socket whose every answer is checked against
// the published contract.
type site struct {
	*jira.Server
	url         string
	email, pass string
}

func newSite(t *testing.T, config jira.Config) *site {
	t.Helper()
	fake, err := jira.New(config)
	require.NoError(t, err)
	server := httptest.NewServer(jiracontract.Check(t, fake))
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	return &site{Server: fake, url: server.URL, email: jira.DefaultEmail, pass: jira.DefaultToken}
}

// answer is what the stand-in said.
type answer struct {
	Status int
	Header http.Header
	Body   string
}

// at reads a value out of the answer by a path such as "fields.status.name".
func (a answer) at(t *testing.T, path string) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal([]byte(a.Body), &v), a.Body)
	for name := range strings.SplitSeq(path, ".") {
		fields, ok := v.(map[string]any)
		require.True(t, ok, "no %s of %s in %s", name, path, a.Body)
		v = fields[name]
	}
	return v
}

func (s *site) request(t *testing.T, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+"/jira/"+path, strings.NewReader(body))
	require.NoError(t, err)
	req.SetBasicAuth(s.email, s.pass)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func send(t *testing.T, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
}

func (s *site) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	return send(t, s.request(t, method, "rest/api/2/"+path, body))
}

// create makes a task with the labels and returns its key.
func (s *site) create(t *testing.T, summary string, labels ...string) string {
	t.Helper()
	fields := map[string]any{
		"project": map[string]string{"key": "OPS"}, "issuetype": map[string]string{"name": "Task"},
		"summary": summary, "labels": append([]string{}, labels...),
	}
	var body bytes.Buffer
	require.NoError(t, json.NewEncoder(&body).Encode(map[string]any{"fields": fields}))
	got := s.call(t, http.MethodPost, "issue", body.String())
	require.Equal(t, http.StatusCreated, got.Status, got.Body)
	return got.at(t, "key").(string)
}

func TestLifeOfAnIssue(t *testing.T) {
	s := newSite(t, jira.Config{})
	got := s.call(t, http.MethodPost, "issue", `{
		"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Incident"},"summary":"Checkout fails",
			"description":"h2. What\n* cards are refused","labels":["tocsin","inc-1"],"priority":{"name":"High"},
			"duedate":"2030-01-31","customfield_10101":"SEV2"},
		"update":{},
		"properties":[{"key":"tocsin","value":{"incident":"INC-1"}}]}`)
	require.Equal(t, http.StatusCreated, got.Status, got.Body)
	require.Equal(t, "OPS-1", got.at(t, "key"))

	got = s.call(t, http.MethodGet, "issue/OPS-1?properties=tocsin&expand=changelog,transitions", "")
	require.Equal(t, "Checkout fails", got.at(t, "fields.summary"))
	require.Equal(t, "h2. What\n* cards are refused", got.at(t, "fields.description"))
	require.Equal(t, []any{"inc-1", "tocsin"}, got.at(t, "fields.labels"))
	require.Equal(t, "new", got.at(t, "fields.status.statusCategory.key"))
	require.Equal(t, "SEV2", got.at(t, "fields.customfield_10101"))
	require.Equal(t, "2030-01-31", got.at(t, "fields.duedate"))
	require.Nil(t, got.at(t, "fields.resolution"))
	require.Equal(t, map[string]any{"incident": "INC-1"}, got.at(t, "properties.tocsin"))

	got = s.call(t, http.MethodPut, "issue/OPS-1", `{"fields":{"summary":"Checkout fails for cards"},
		"update":{"labels":[{"add":"payments"},{"remove":"inc-1"}],"customfield_10102":[{"set":"mitigating"}]}}`)
	require.Equal(t, http.StatusNoContent, got.Status, got.Body)
	got = s.call(t, http.MethodGet, "issue/OPS-1?fields=summary,labels,customfield_10102&expand=changelog", "")
	require.Equal(t, map[string]any{
		"summary": "Checkout fails for cards", "labels": []any{"payments", "tocsin"}, "customfield_10102": "mitigating",
	}, got.at(t, "fields"))
	require.EqualValues(t, 1, got.at(t, "changelog.total"))

	got = s.call(t, http.MethodDelete, "issue/OPS-1", "")
	require.Equal(t, http.StatusNoContent, got.Status)
	got = s.call(t, http.MethodGet, "issue/OPS-1", "")
	require.Equal(t, http.StatusNotFound, got.Status)
	require.JSONEq(t, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`, got.Body)
}

func TestFieldsAreRefused(t *testing.T) {
	task := `"project":{"key":"OPS"},"issuetype":{"name":"Task"}`
	tests := []struct{ name, fields, field, says string }{
		{"no summary", task, "summary", "must specify a summary"},
		{"long summary", task + `,"summary":"` + strings.Repeat("ä", 256) + `"`, "summary", "255"},
		{"summary of two lines", task + `,"summary":"a\nb"`, "summary", "newline"},
		{"long description", task + `,"summary":"a","description":"` + strings.Repeat("x", 32768) + `"`, "description", "32,767"},
		{"document as description", task + `,"summary":"a","description":{"type":"doc"}`, "description", "must be a string"},
		{"label with a space", task + `,"summary":"a","labels":["two words"]`, "labels", "contains spaces"},
		{"empty label", task + `,"summary":"a","labels":[""]`, "labels", "empty"},
		{"long label", task + `,"summary":"a","labels":["` + strings.Repeat("x", 256) + `"]`, "labels", "255"},
		{"one label", task + `,"summary":"a","labels":"alone"`, "labels", "array"},
		{"unknown field", task + `,"summary":"a","customfield_1":"x"`, "customfield_1", "cannot be set"},
		{"unknown priority", task + `,"summary":"a","priority":{"name":"Now"}`, "priority", "invalid"},
		{"assignee by name", task + `,"summary":"a","assignee":{"name":"ana"}`, "assignee", "accountId"},
		{"bad date", task + `,"summary":"a","duedate":"tomorrow"`, "duedate", "parsing date"},
		{"unknown project", `"project":{"key":"NO"},"summary":"a"`, "project", "valid project"},
		{"unknown type", `"project":{"key":"OPS"},"issuetype":{"name":"Wish"},"summary":"a"`, "issuetype", "issue type"},
		{"orphan", `"project":{"key":"OPS"},"issuetype":{"name":"Sub-task"},"summary":"a"`, "parent", "sub-task"},
		{"unknown parent", task + `,"summary":"a","parent":{"key":"OPS-99"}`, "parent", "Could not find"},
	}
	s := newSite(t, jira.Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.call(t, http.MethodPost, "issue", `{"fields":{`+tt.fields+`}}`)
			require.Equal(t, http.StatusBadRequest, got.Status, got.Body)
			require.Contains(t, got.at(t, "errors."+tt.field), tt.says)
			require.Empty(t, s.Issues())
		})
	}
}

func TestEditsByVerb(t *testing.T) {
	s := newSite(t, jira.Config{})
	path := "issue/" + s.create(t, "labelled", "kept", "old")
	put := func(body string) answer { return s.call(t, http.MethodPut, path, body) }
	require.Equal(t, http.StatusNoContent, put(`{"update":{"labels":[{"add":"new"},{"remove":"old"},{"add":"kept"}]}}`).Status)
	require.Equal(t, []any{"kept", "new"}, s.call(t, http.MethodGet, path, "").at(t, "fields.labels"))

	for body, says := range map[string]string{
		`{"update":{"labels":[{"add":"two words"}]}}`: "contains spaces",
		`{"update":{"labels":[{"add":7}]}}`:           "not a string",
		`{"update":{"summary":[{"add":"more"}]}}`:     "does not support update 'add'",
		`{"fields":{"resolution":{"name":"Done"}}}`:   "cannot be set",
	} {
		got := put(body)
		require.Equal(t, http.StatusBadRequest, got.Status, body)
		require.Contains(t, got.Body, says)
	}
	require.Equal(t, http.StatusNoContent, put(`{"fields":{"assignee":{"accountId":"ana"},"duedate":"2030-01-31","description":"x"}}`).Status)
	require.Equal(t, http.StatusNoContent, put(`{"fields":{"assignee":null,"duedate":null,"description":null}}`).Status)
	fields := s.call(t, http.MethodGet, path, "").at(t, "fields").(map[string]any)
	for _, name := range []string{"assignee", "duedate", "description"} {
		require.Nil(t, fields[name], "null empties %s", name)
	}
}

func TestBrokenBodiesAreRefused(t *testing.T) {
	s := newSite(t, jira.Config{})
	got := s.call(t, http.MethodPost, "issue", `{"fields":`)
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, got.Body, "error parsing JSON")

	got = s.call(t, http.MethodPut, "issue/OPS-1/properties/big", `"`+strings.Repeat("x", 2<<20)+`"`)
	require.GreaterOrEqual(t, got.Status, 400)

	got = s.call(t, http.MethodGet, "issue/OPS-1/votes", "")
	require.Equal(t, http.StatusNotFound, got.Status)
}

func TestCredentials(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "hidden")
	require.Equal(t, http.StatusOK, s.call(t, http.MethodGet, "myself", "").Status)

	s.pass = "expired"
	require.Equal(t, http.StatusUnauthorized, s.call(t, http.MethodGet, "myself", "").Status)
	got := s.call(t, http.MethodGet, "issue/"+key, "")
	require.Equal(t, http.StatusNotFound, got.Status, "wrong credentials look like an issue that does not exist")
	require.NotContains(t, got.Body, "expired")
}

func TestMovedIssueKeepsItsIDAndOldKey(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "moves")
	id := s.call(t, http.MethodGet, "issue/"+key, "").at(t, "id").(string)

	req := s.request(t, http.MethodPost, "_move", `{"key":"`+key+`","project":"SHOP"}`)
	require.JSONEq(t, `{"key":"SHOP-1"}`, send(t, req).Body)

	for _, name := range []string{id, key, "SHOP-1"} {
		got := s.call(t, http.MethodGet, "issue/"+name, "")
		require.Equal(t, "SHOP-1", got.at(t, "key"))
		require.Equal(t, id, got.at(t, "id"))
	}
	require.Equal(t, "OPS-2", s.create(t, "next"), "a key is never used twice")
	_, err := s.Move("SHOP-1", "ana", "SHOP")
	require.ErrorContains(t, err, "already")
	_, err = s.Move("SHOP-1", "ana", "NO")
	require.ErrorContains(t, err, "No project")
}

func TestStateSurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	s := newSite(t, jira.Config{Dir: dir})
	key := s.create(t, "kept", "tocsin")
	require.NoError(t, s.Transition(key, "ana", "done", "Done"))
	require.NoError(t, s.Comment(key, "ana", "fixed"))
	_, err := s.Move(key, "ana", "SHOP")
	require.NoError(t, err)

	again := newSite(t, jira.Config{Dir: dir})
	got := again.call(t, http.MethodGet, "issue/"+key, "")
	require.Equal(t, "SHOP-1", got.at(t, "key"))
	require.Equal(t, "Done", got.at(t, "fields.resolution.name"))
	require.EqualValues(t, 1, got.at(t, "fields.comment.total"))
	require.Equal(t, "OPS-2", again.create(t, "after"))
}

func TestMetaAndProperties(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "with data")
	require.Contains(t, s.call(t, http.MethodGet, "field", "").Body, `"Severity"`)
	require.Equal(t, "Cloud", s.call(t, http.MethodGet, "serverInfo", "").at(t, "deploymentType"))
	require.Contains(t, s.call(t, http.MethodGet, "issue/createmeta/OPS/issuetypes", "").Body, `"Incident"`)
	require.Contains(t, s.call(t, http.MethodGet, "issue/createmeta/OPS/issuetypes/10010", "").Body, `"customfield_10101"`)
	require.Equal(t, "Operations", s.call(t, http.MethodGet, "project/OPS", "").at(t, "name"))
	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodGet, "project/NO", "").Status)

	path := "issue/" + key + "/properties/tocsin"
	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodGet, path, "").Status)
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPut, path, `{"n":1}`).Status)
	require.Equal(t, http.StatusOK, s.call(t, http.MethodPut, path, `{"n":2}`).Status)
	require.EqualValues(t, 2, s.call(t, http.MethodGet, path, "").at(t, "value.n"))
	require.Contains(t, s.call(t, http.MethodGet, "issue/"+key+"/properties", "").Body, `"tocsin"`)
	require.Equal(t, http.StatusBadRequest, s.call(t, http.MethodPut, path, `"`+strings.Repeat("x", 32768)+`"`).Status)
}
