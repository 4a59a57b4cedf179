package jira_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	gojira "github.com/andygrunwald/go-jira"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/fault"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/jira/jiracontract"
)

// client is the library that Tocsin's integration is built on.
func (s *site) client(t *testing.T) *gojira.Client {
	t.Helper()
	auth := gojira.BasicAuthTransport{Username: s.email, Password: s.pass, Transport: jiracontract.Transport(t, nil)}
	client, err := gojira.NewClient(auth.Client(), s.url+"/jira/")
	require.NoError(t, err)
	return client
}

func TestGoJiraLifeOfAnIssue(t *testing.T) {
	s := newSite(t, jira.Config{})
	c := s.client(t)
	ctx := t.Context()
	self, _, err := c.User.GetSelfWithContext(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, self.AccountID)

	created, resp, err := c.Issue.CreateWithContext(ctx, &gojira.Issue{Fields: &gojira.IssueFields{
		Project: gojira.Project{Key: "OPS"}, Type: gojira.IssueType{Name: "Incident"},
		Summary: "Checkout fails", Description: "h2. What", Labels: []string{"tocsin", "inc-1"},
	}})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	found, _, err := c.Issue.SearchV2JQLWithContext(ctx, `project = OPS AND labels = inc-1`, &gojira.SearchOptionsV2{Fields: []string{"status"}})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "new", found[0].Fields.Status.StatusCategory.Key)
	_, _, err = c.Issue.SearchWithContext(ctx, `project = OPS`, nil)
	require.ErrorContains(t, err, "has been removed")

	link, resp, err := c.Issue.AddRemoteLinkWithContext(ctx, created.Key, &gojira.RemoteLink{
		GlobalID: "tocsin:INC-1", Object: &gojira.RemoteLinkObject{URL: "http://tocsin.example/INC-1", Title: "INC-1"},
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	require.NotZero(t, link.ID)

	transitions, _, err := c.Issue.GetTransitionsWithContext(ctx, created.Key)
	require.NoError(t, err)
	require.Len(t, transitions, 2)
	require.True(t, transitions[1].Fields["resolution"].Required)
	resp, err = c.Issue.DoTransitionWithPayloadWithContext(ctx, created.Key, gojira.CreateTransitionPayload{
		Transition: gojira.TransitionPayload{ID: transitions[1].ID},
		Fields:     gojira.TransitionPayloadFields{Resolution: &gojira.Resolution{Name: "Done"}},
	})
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())

	issue, _, err := c.Issue.GetWithContext(ctx, created.Key, nil)
	require.NoError(t, err)
	require.Equal(t, gojira.StatusCategoryComplete, issue.Fields.Status.StatusCategory.Key)
	require.Equal(t, "Done", issue.Fields.Resolution.Name)
	require.WithinDuration(t, time.Now(), time.Time(issue.Fields.Created), time.Minute)
	fields, _, err := c.Field.GetListWithContext(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, fields)
}

func TestGoJiraMeetsFaults(t *testing.T) {
	s := newSite(t, jira.Config{})
	c := s.client(t)
	key := s.create(t, "unlucky", "tocsin")

	require.NoError(t, s.Faults.Add("issue.get", fault.RateLimited(3*time.Second, "jira-burst-based")))
	_, resp, err := c.Issue.GetWithContext(t.Context(), key, nil)
	require.Error(t, err)
	require.Equal(t, http.StatusTooManyRequests, resp.StatusCode)
	require.Equal(t, "3", resp.Header.Get("Retry-After"))
	require.Equal(t, "jira-burst-based", resp.Header.Get("RateLimit-Reason"))

	require.NoError(t, s.Faults.Add("transition.do", fault.HTML(http.StatusOK)))
	resp, err = c.Issue.DoTransitionWithContext(t.Context(), key, "21")
	require.NoError(t, err, "the library takes a login page for success")
	require.Contains(t, resp.Header.Get("Content-Type"), "text/html")
	require.NoError(t, resp.Body.Close())
	issue, ok := s.Issue(key)
	require.True(t, ok)
	require.Equal(t, jira.CategoryNew, issue.Status.Category)

	require.NoError(t, s.Faults.Add("issue.create", fault.DropAfter()))
	_, _, err = c.Issue.CreateWithContext(t.Context(), &gojira.Issue{Fields: &gojira.IssueFields{
		Project: gojira.Project{Key: "OPS"}, Type: gojira.IssueType{Name: "Task"}, Summary: "made, but unheard of",
	}})
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, s.Issues(), 2)

	got := send(t, s.request(t, http.MethodPost, "_faults", `{"op":"comment.add","status":503,"times":2}`))
	require.Equal(t, http.StatusCreated, got.Status)
	for _, want := range []int{503, 503, 201} {
		require.Equal(t, want, s.call(t, http.MethodPost, "issue/"+key+"/comment", `{"body":"x"}`).Status)
	}
}

func TestGoJirasOwnCommentIsRefusedWhenStrict(t *testing.T) {
	s := newSite(t, jira.Config{StrictComments: true})
	key := s.create(t, "talks")
	auth := gojira.BasicAuthTransport{Username: s.email, Password: s.pass}
	c, err := gojira.NewClient(auth.Client(), s.url+"/jira/")
	require.NoError(t, err)
	_, resp, err := c.Issue.AddCommentWithContext(t.Context(), key, &gojira.Comment{Body: "x"})
	require.Error(t, err)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
}
