package jira_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/jira"
)

func TestTransitions(t *testing.T) {
	s := newSite(t, jira.Config{Workflow: jira.GermanWorkflow(true)})
	key := s.create(t, "flows")
	path := "issue/" + key + "/transitions"

	got := s.call(t, http.MethodGet, path+"?expand=transitions.fields", "")
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, `"Fertig"`)
	require.Contains(t, got.Body, `"required":true`)
	require.NotContains(t, s.call(t, http.MethodGet, path, "").Body, `"required"`)

	tests := []struct{ name, body, says string }{
		{"no id", `{}`, "Missing 'transition'"},
		{"unknown id", `{"transition":{"id":"99"}}`, "Transition id '99' is not valid"},
		{"no resolution", `{"transition":{"id":"31"},"update":{},"fields":{}}`, "Resolution is required"},
		{"unknown resolution", `{"transition":{"id":"31"},"fields":{"resolution":{"name":"Done"}}}`, "is invalid"},
		{"not on the screen", `{"transition":{"id":"21"},"fields":{"resolution":{"name":"Fertig"}}}`, "cannot be set"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := s.call(t, http.MethodPost, path, tt.body)
			require.Equal(t, http.StatusBadRequest, got.Status, got.Body)
			require.Contains(t, got.Body, tt.says)
		})
	}

	got = s.call(t, http.MethodPost, path, `{"transition":{"id":"31"},"update":{},"fields":{"resolution":{"name":"Fertig"}}}`)
	require.Equal(t, http.StatusNoContent, got.Status, got.Body)
	got = s.call(t, http.MethodGet, "issue/"+key, "")
	require.Equal(t, "Fertig", got.at(t, "fields.status.name"))
	require.Equal(t, "done", got.at(t, "fields.status.statusCategory.key"))
	require.Equal(t, "Fertig", got.at(t, "fields.resolution.name"))
	require.NotNil(t, got.at(t, "fields.resolutiondate"))

	require.NoError(t, s.Transition(key, "ana", "In Arbeit", ""))
	got = s.call(t, http.MethodGet, "issue/"+key, "")
	require.Nil(t, got.at(t, "fields.resolution"), "leaving the finished status clears the resolution")
	require.ErrorContains(t, s.Transition(key, "ana", "Somewhere", ""), "No transition leads")
}

func TestResolutionMayStayEmptyWhereNoneIsDemanded(t *testing.T) {
	s := newSite(t, jira.Config{Workflow: jira.EnglishWorkflow(false)})
	key := s.create(t, "team-managed")
	got := s.call(t, http.MethodPost, "issue/"+key+"/transitions", `{"transition":{"id":"31"}}`)
	require.Equal(t, http.StatusNoContent, got.Status, got.Body)
	got = s.call(t, http.MethodGet, "issue/"+key, "")
	require.Equal(t, "done", got.at(t, "fields.status.statusCategory.key"))
	require.Nil(t, got.at(t, "fields.resolution"))
}

func TestComments(t *testing.T) {
	s := newSite(t, jira.Config{StrictComments: true})
	path := "issue/" + s.create(t, "talks") + "/comment"
	got := s.call(t, http.MethodPost, path, `{"body":"*first*"}`)
	require.Equal(t, http.StatusCreated, got.Status, got.Body)
	id := got.at(t, "id").(string)
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPost, path, `{"body":"second"}`).Status)

	got = s.call(t, http.MethodPut, path+"/"+id, `{"body":"first, mended"}`)
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Equal(t, "first, mended", s.call(t, http.MethodGet, path+"/"+id, "").at(t, "body"))
	got = s.call(t, http.MethodGet, path+"?orderBy=-created&maxResults=1", "")
	require.EqualValues(t, 2, got.at(t, "total"))
	require.Contains(t, got.Body, "second")
	require.NotContains(t, got.Body, "mended")

	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodPut, path+"/77", `{"body":"x"}`).Status)
	require.Equal(t, http.StatusBadRequest, s.call(t, http.MethodPost, path, `{"body":""}`).Status)
	require.Equal(t, http.StatusBadRequest, s.call(t, http.MethodPost, path, `{"body":"`+strings.Repeat("x", 32768)+`"}`).Status)
	got = s.call(t, http.MethodPost, path, `{"body":"x","author":{"avatarUrls":{}}}`)
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, got.at(t, "errors.author"), "read-only")
}

func TestAPersonsClone(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "twice")
	require.NoError(t, s.Comment(key, "bob@example.com", "stays with the first"))
	clone, err := s.Clone(key, "bob@example.com")
	require.NoError(t, err)
	got := s.call(t, http.MethodGet, "issue/"+clone.Key, "")
	require.Equal(t, "CLONE - twice", got.at(t, "fields.summary"))
	require.Equal(t, "bob:example.com", got.at(t, "fields.creator.accountId"))
	require.Empty(t, got.at(t, "fields.comment.comments"))
	_, err = s.Clone("OPS-99", "bob@example.com")
	require.ErrorContains(t, err, "does not exist")
}

func TestRemoteLinksAreUpsertedByGlobalID(t *testing.T) {
	s := newSite(t, jira.Config{})
	path := "issue/" + s.create(t, "links") + "/remotelink"
	link := func(title string) string {
		return `{"globalId":"tocsin:INC-1","relationship":"incident","object":{"url":"http://tocsin.example/INC-1","title":"` + title + `"}}`
	}
	first := s.call(t, http.MethodPost, path, link("one"))
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	second := s.call(t, http.MethodPost, path, link("two"))
	require.Equal(t, http.StatusOK, second.Status, second.Body)
	require.Equal(t, first.at(t, "id"), second.at(t, "id"))

	got := s.call(t, http.MethodGet, path+"?globalId=tocsin:INC-1", "")
	require.Equal(t, "two", got.at(t, "object.title"))
	require.Equal(t, 1, strings.Count(s.call(t, http.MethodGet, path, "").Body, `"globalId"`))
	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodGet, path+"?globalId=other", "").Status)
	got = s.call(t, http.MethodPost, path, `{"object":{}}`)
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, got.at(t, "errors.url"), "required")
}

func TestIssueLinks(t *testing.T) {
	s := newSite(t, jira.Config{})
	a, b := s.create(t, "incident"), s.create(t, "follow-up")
	body := `{"type":{"name":"Relates"},"inwardIssue":{"key":"` + a + `"},"outwardIssue":{"key":"` + b + `"},"comment":{"body":"from the review"}}`
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPost, "issueLink", body).Status)
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPost, "issueLink", body).Status)

	got := s.call(t, http.MethodGet, "issue/"+a, "")
	require.Len(t, got.at(t, "fields.issuelinks"), 1, "a link that exists is not made again")
	require.Contains(t, got.Body, `"outwardIssue"`)
	got = s.call(t, http.MethodGet, "issue/"+b, "")
	require.Contains(t, got.Body, `"inwardIssue"`)
	require.EqualValues(t, 2, got.at(t, "fields.comment.total"), "but its comment is added again")

	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodPost, "issueLink",
		`{"type":{"name":"Loves"},"inwardIssue":{"key":"OPS-1"},"outwardIssue":{"key":"OPS-2"}}`).Status)
	require.Contains(t, s.call(t, http.MethodGet, "issueLinkType", "").Body, "is blocked by")
}

func TestAttachments(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "with a graph")
	attach := func(field, token string) answer {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile(field, "graph.png")
		require.NoError(t, err)
		_, err = part.Write([]byte("pixels"))
		require.NoError(t, err)
		require.NoError(t, form.Close())
		req := s.request(t, http.MethodPost, "rest/api/2/issue/"+key+"/attachments", body.String())
		req.Header.Set("Content-Type", form.FormDataContentType())
		req.Header.Set("X-Atlassian-Token", token)
		return send(t, req)
	}
	require.Equal(t, http.StatusForbidden, attach("file", "").Status)
	require.Equal(t, http.StatusBadRequest, attach("other", "no-check").Status)
	got := attach("file", "no-check")
	require.Equal(t, http.StatusOK, got.Status, got.Body)
	require.Contains(t, got.Body, "graph.png")

	issue, ok := s.Issue(key)
	require.True(t, ok)
	require.Equal(t, "pixels", s.call(t, http.MethodGet, "attachment/content/"+issue.Attachments[0].ID, "").Body)
	require.Equal(t, http.StatusNotFound, s.call(t, http.MethodGet, "attachment/content/1", "").Status)
}

func TestBoard(t *testing.T) {
	s := newSite(t, jira.Config{})
	key := s.create(t, "<b>Checkout</b> fails", "tocsin")
	got := send(t, s.request(t, http.MethodGet, "", ""))
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, "&lt;b&gt;Checkout")
	require.Contains(t, got.Body, "UTC")

	press := func(button, form string) answer {
		req := s.request(t, http.MethodPost, "browse/"+key+"/"+button, form)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return send(t, req)
	}
	got = press("transition", "status=Done&resolution=")
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Contains(t, got.Body, "Resolution is required")
	require.Equal(t, http.StatusBadRequest, press("comment", "body=+").Status)

	got = press("comment", "body=looking")
	require.Contains(t, got.Body, "looking")
	got = press("transition", "status=Done&resolution=Done")
	require.Equal(t, http.StatusOK, got.Status)
	require.Contains(t, got.Body, "Person at the board")
	got = press("move", "project=SHOP")
	require.Contains(t, got.Body, "SHOP-1")
	require.Equal(t, http.StatusOK, press("delete", "").Status)
	require.Equal(t, http.StatusNotFound, send(t, s.request(t, http.MethodGet, "browse/"+key, "")).Status)
	require.Equal(t, http.StatusNotFound, press("delete", "").Status)
}

func TestTheBoardShowsHowIssuesAreTied(t *testing.T) {
	s := newSite(t, jira.Config{})
	a, b := s.create(t, "the copy"), s.create(t, "the first")
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPost, "issueLink",
		`{"type":{"name":"Duplicate"},"inwardIssue":{"key":"`+a+`"},"outwardIssue":{"key":"`+b+`"}}`).Status)
	require.Equal(t, http.StatusCreated, s.call(t, http.MethodPost, "issue/"+a+"/remotelink",
		`{"object":{"url":"http://tocsin.example/INC-1","title":"INC-1 in Tocsin"}}`).Status)
	show := func(key string) string { return send(t, s.request(t, http.MethodGet, "browse/"+key, "")).Body }
	require.Regexp(t, `(?s)duplicates.*`+b, show(a))
	require.Regexp(t, `(?s)is duplicated by.*`+a, show(b))
	require.Contains(t, show(a), "INC-1 in Tocsin")
}
