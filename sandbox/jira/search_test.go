package jira_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/jira"
)

// search returns the keys that a query finds, in order.
func (s *site) search(t *testing.T, jql string, more ...string) []string {
	t.Helper()
	params := url.Values{"jql": {jql}, "fields": {"summary"}}
	for i := 0; i < len(more); i += 2 {
		params.Set(more[i], more[i+1])
	}
	got := s.call(t, http.MethodGet, "search/jql?"+params.Encode(), "")
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	keys := []string{}
	for _, issue := range got.at(t, "issues").([]any) {
		keys = append(keys, issue.(map[string]any)["key"].(string))
	}
	return keys
}

func TestTheOldSearchIsGone(t *testing.T) {
	s := newSite(t, jira.Config{})
	for _, got := range []answer{
		s.call(t, http.MethodGet, "search?jql=project=OPS", ""),
		s.call(t, http.MethodPost, "search", `{"jql":"project=OPS"}`),
	} {
		require.Equal(t, http.StatusGone, got.Status)
		require.Contains(t, got.Body, "has been removed")
		require.Contains(t, got.Header.Get("Content-Type"), "application/json")
	}
}

func TestSearchIsIDsOnlyAndPaged(t *testing.T) {
	s := newSite(t, jira.Config{})
	for i := range 5 {
		s.create(t, "issue "+strconv.Itoa(i), "tocsin")
	}
	path := "search/jql?maxResults=2&jql=" + url.QueryEscape("labels = tocsin ORDER BY created ASC")
	got := s.call(t, http.MethodGet, path, "")
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, []any{map[string]any{"id": "10001"}, map[string]any{"id": "10002"}}, got.at(t, "issues"))
	require.Equal(t, false, got.at(t, "isLast"))
	require.Nil(t, got.at(t, "total"))

	var pages int
	for last := false; !last; pages++ {
		require.Less(t, pages, 3)
		token, _ := got.at(t, "nextPageToken").(string)
		require.NotEmpty(t, token)
		got = s.call(t, http.MethodGet, path+"&nextPageToken="+url.QueryEscape(token), "")
		last = got.at(t, "isLast").(bool)
	}
	require.Equal(t, []any{map[string]any{"id": "10005"}}, got.at(t, "issues"))
	require.Nil(t, got.at(t, "nextPageToken"))

	got = s.call(t, http.MethodGet, path+"&nextPageToken=made-up", "")
	require.Equal(t, http.StatusBadRequest, got.Status)
	got = s.call(t, http.MethodPost, "search/jql", `{"jql":"project = OPS","fields":["status"],"properties":["tocsin"],"maxResults":1}`)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Contains(t, got.Body, `"statusCategory"`)
}

func TestJQL(t *testing.T) {
	s := newSite(t, jira.Config{Workflow: jira.GermanWorkflow(true)})
	open := s.create(t, "Checkout fails", "tocsin", "inc-1")
	done := s.create(t, "Search is slow", "tocsin")
	bare := s.create(t, "Unrelated")
	require.NoError(t, s.Transition(done, "ana", "Fertig", "Fertig"))
	_, err := s.Move(bare, "ana", "SHOP")
	require.NoError(t, err)

	tests := []struct {
		jql  string
		want []string
	}{
		{`project = OPS`, []string{done, open}},
		{`project in (OPS, "Web shop") ORDER BY created ASC`, []string{open, done, "SHOP-1"}},
		{`labels = inc-1`, []string{open}},
		{`labels in (inc-1, other) AND statusCategory != Done`, []string{open}},
		{`labels != inc-1`, []string{done}},
		{`labels not in ("inc-1")`, []string{done}},
		{`labels is EMPTY`, []string{"SHOP-1"}},
		{`labels is not empty order by key`, []string{open, done}},
		{`statusCategory = Done`, []string{done}},
		{`statusCategory in ("To Do", indeterminate) AND project = ops`, []string{open}},
		{`status = "In Arbeit"`, []string{}},
		{`status = fertig`, []string{done}},
		{`resolution is EMPTY and labels = tocsin`, []string{open}},
		{`key in (OPS-1, OPS-3) ORDER BY id DESC`, []string{"SHOP-1", open}},
		{`key = OPS-1 AND issuetype = Task`, []string{open}},
		{`summary ~ "search slow"`, []string{done}},
		{`summary !~ search AND project = OPS`, []string{open}},
		{`created >= -5m AND project = OPS`, []string{done, open}},
		{`created < "-1d" AND project = OPS`, []string{}},
		{`updated > "2020-01-31 10:00" AND updated > 2020/01/31 AND labels = inc-1`, []string{open}},
		{`labels = tocsin ORDER BY updated DESC, key ASC`, []string{done, open}},
	}
	for _, tt := range tests {
		t.Run(tt.jql, func(t *testing.T) { require.Equal(t, tt.want, s.search(t, tt.jql)) })
	}
}

func TestBadJQLIsRefused(t *testing.T) {
	tests := []struct{ jql, says string }{
		{``, "Unbounded"},
		{`ORDER BY created`, "Unbounded"},
		{`project = NO`, "does not exist for the field 'project'"},
		{`status = Finished`, "does not exist for the field 'status'"},
		{`statusCategory = Over`, "does not exist for the field"},
		{`key = OPS-99`, "An issue with key 'OPS-99' does not exist"},
		{`wishes = 3`, "Field 'wishes' does not exist"},
		{`project = OPS OR labels = x`, "AND only"},
		{`project = OPS AND`, "after 'AND'"},
		{`project`, "Expecting an operator"},
		{`project OPS`, "Expecting an operator"},
		{`= OPS`, "Expecting a field name"},
		{`project =`, "Expecting a value"},
		{`project in OPS`, "Expecting '('"},
		{`project in (OPS`, "Expecting ',' or ')'"},
		{`project = "OPS`, "has not been completed"},
		{`project > OPS`, "operator '>' is not supported"},
		{`summary = x`, "operator '=' is not supported"},
		{`created ~ x`, "Date value"},
		{`created ~ -1d`, "operator '~' is not supported"},
		{`created > tomorrow`, "Date value 'tomorrow' is invalid"},
		{`labels is full`, "EMPTY or NULL"},
		{`project = OPS ORDER BY votes`, "Not able to sort"},
		{`project = OPS ORDER created`, "Expecting 'ORDER BY'"},
		{`project = OPS ORDER BY created sideways`, "Expecting ','"},
	}
	s := newSite(t, jira.Config{})
	for _, tt := range tests {
		t.Run(tt.jql, func(t *testing.T) {
			got := s.call(t, http.MethodGet, "search/jql?jql="+url.QueryEscape(tt.jql), "")
			require.Equal(t, http.StatusBadRequest, got.Status, got.Body)
			require.Contains(t, got.Body, tt.says)
		})
	}
	for _, params := range []string{"maxResults=many", "reconcileIssues=OPS-1", "properties=a,b,c,d,e,f"} {
		got := s.call(t, http.MethodGet, "search/jql?jql=project=OPS&"+params, "")
		require.Equal(t, http.StatusBadRequest, got.Status, got.Body)
	}
}

func TestTheIndexLagsBehind(t *testing.T) {
	s := newSite(t, jira.Config{})
	old := s.create(t, "old", "tocsin")
	s.SetIndexLag(time.Minute)
	fresh := s.create(t, "fresh", "tocsin")
	require.Empty(t, s.search(t, "labels = tocsin"), "the index has seen nothing for a minute")
	id := s.call(t, http.MethodGet, "issue/"+fresh, "").at(t, "id").(string)
	require.Equal(t, []string{fresh}, s.search(t, "labels = tocsin", "reconcileIssues", id), "reconciled issues are seen as they are")

	req := s.request(t, http.MethodPut, "_settings", `{"index_lag":"30ms"}`)
	require.Equal(t, http.StatusNoContent, send(t, req).Status)
	require.Eventually(t, func() bool { return len(s.search(t, "labels = tocsin")) == 2 }, 5*time.Second, 5*time.Millisecond)

	s.SetIndexLag(time.Minute)
	require.Equal(t, http.StatusNoContent, s.call(t, http.MethodDelete, "issue/"+old, "").Status)
	s.SetIndexLag(0)
	require.Equal(t, []string{fresh}, s.search(t, "labels = tocsin"))

	for _, bad := range []string{`{"index_lag":"soon"}`, `{"index_lag":"6m"}`, `{"lag":"1s"}`} {
		require.Equal(t, http.StatusBadRequest, send(t, s.request(t, http.MethodPut, "_settings", bad)).Status)
	}
}

func FuzzJQL(f *testing.F) {
	for _, seed := range []string{
		`project = OPS AND labels in ("a b", c) ORDER BY created DESC, key`,
		`created >= -5m`, `labels is not EMPTY`, `"quoted field" !~ 'x\'y'`, `a = (`, `é < 1`,
	} {
		f.Add(seed)
	}
	s, err := jira.New(jira.Config{})
	require.NoError(f, err)
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, jql string) {
		if _, err := s.Search(jql); err != nil {
			require.NotEmpty(t, err.Error())
		}
	})
}
