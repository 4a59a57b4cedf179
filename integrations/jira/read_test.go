package jira_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

func TestRead(t *testing.T) {
	s := newSite(t, sandbox.Config{Workflow: sandbox.GermanWorkflow(true)})
	tracker := s.tracker(t, nil)
	var refs []incident.TicketRef
	for _, label := range []string{"open", "done", "moved", "deleted"} {
		want := ticket()
		want.Label = label
		ref, err := tracker.Ensure(t.Context(), want)
		require.NoError(t, err)
		refs = append(refs, ref)
	}
	require.NoError(t, s.Transition(refs[1].Key, "bob@example.com", "Fertig", "Duplikat"))
	moved, err := s.Move(refs[2].Key, "bob@example.com", "SHOP")
	require.NoError(t, err)
	require.NoError(t, s.Delete(refs[3].Key, "bob@example.com"))

	got, err := tracker.Read(t.Context(), append(refs, incident.TicketRef{Key: refs[2].Key}))
	require.NoError(t, err)
	require.Equal(t, []incident.TicketStatus{
		{Ref: refs[0], Found: true, Status: "Zu erledigen"},
		{Ref: refs[1], Found: true, Done: true, Status: "Fertig", Resolution: "Duplikat"},
		{Ref: incident.TicketRef{ID: refs[2].ID, Key: moved}, Found: true, Status: "Zu erledigen"},
		{Ref: refs[3]},
		{Ref: incident.TicketRef{ID: refs[2].ID, Key: moved}, Found: true, Status: "Zu erledigen"},
	}, got)
}

func TestReadOfHiddenTickets(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	require.NoError(t, s.Faults.Add("issue.get", fault.Fault{Status: 403}))
	got, err := tracker.Read(t.Context(), []incident.TicketRef{ref})
	require.NoError(t, err)
	require.Equal(t, []incident.TicketStatus{{Ref: ref}}, got)
}

func TestWrongCredentialsAreNotMissingTickets(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	ref := ensured(t, s.tracker(t, nil))
	stranger := s.tracker(t, func(c *jira.Config) { c.Token = "an-expired-token" })
	_, err := stranger.Read(t.Context(), []incident.TicketRef{ref})
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "check TOCSIN_JIRA_EMAIL and TOCSIN_JIRA_TOKEN")
	channeltest.NoSecret(t, err, "an-expired-token", sandbox.DefaultEmail, s.url)
	require.Error(t, stranger.Probe(t.Context()))
	require.NoError(t, s.tracker(t, nil).Probe(t.Context()))
}

func TestFailures(t *testing.T) {
	const token = "a-secret-jira-token"
	calls := map[string]func(context.Context, *jira.Tracker) error{
		"probe": func(ctx context.Context, tracker *jira.Tracker) error { return tracker.Probe(ctx) },
		"ensure": func(ctx context.Context, tracker *jira.Tracker) error {
			_, err := tracker.Ensure(ctx, ticket())
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			channeltest.Failures(t, true, func(ctx context.Context, t *testing.T, base string) error {
				tracker, err := jira.New(jira.Config{URL: base, Email: "ops@example.com", Token: token})
				require.NoError(t, err)
				err = call(ctx, tracker)
				channeltest.NoSecret(t, err, base, token, "ops@example.com", "b3BzQGV4YW1wbGUuY29t")
				return err
			})
		})
	}
}

// TestWritesThatALoginPageAnswers covers calls for which go-jira itself takes
// a page of HTML for a success.
func TestWritesThatALoginPageAnswers(t *testing.T) {
	for _, op := range []string{"issue.create", "issue.edit", "transition.do", "link.add", "remotelink.put", "issue.get", "search"} {
		t.Run(op, func(t *testing.T) {
			s := newSite(t, sandbox.Config{})
			tracker := s.tracker(t, func(c *jira.Config) {
				c.Backlink = func(incident.Ticket) (string, string) { return "t", "https://tocsin.example.com" }
			})
			parent := ensured(t, tracker)
			child := done()
			child.Label, child.Block, child.Parent = "child", "other", parent
			page := fault.Fault{Times: fault.Forever, Status: 200, Header: map[string]string{"Content-Type": "text/html"}, Body: "<html>Log in"}
			var err error
			if op == "issue.create" || op == "search" {
				require.NoError(t, s.Faults.Add(op, page))
				_, err = tracker.Ensure(t.Context(), child)
			} else {
				ref, ensureErr := tracker.Ensure(t.Context(), child)
				require.NoError(t, ensureErr)
				child.Block = "new"
				require.NoError(t, s.Faults.Add(op, page))
				err = tracker.Update(t.Context(), ref, child)
			}
			require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
			require.ErrorContains(t, err, "JIRA answered HTML")
			require.NotContains(t, err.Error(), "Log in")
		})
	}
}

func TestNewRefuses(t *testing.T) {
	good := jira.Config{URL: "https://example.atlassian.net", Email: "ops@example.com", Token: "t"}
	_, err := jira.New(good)
	require.NoError(t, err)
	insecure := good
	insecure.URL, insecure.Insecure = "http://jira.example.com", true
	_, err = jira.New(insecure)
	require.NoError(t, err)
	tests := map[string]func(*jira.Config){
		"TOCSIN_JIRA_URL: the address must start":           func(c *jira.Config) { c.URL = "example.atlassian.net" },
		"TOCSIN_JIRA_URL: it must start with https://":      func(c *jira.Config) { c.URL = "http://jira.example.com" },
		"TOCSIN_JIRA_URL: the address must not hold a user": func(c *jira.Config) { c.URL = "https://a:b@jira.example.com" },
		"set TOCSIN_JIRA_EMAIL and TOCSIN_JIRA_TOKEN":       func(c *jira.Config) { c.Token = "" },
	}
	for says, spoil := range tests {
		bad := good
		spoil(&bad)
		_, err := jira.New(bad)
		require.Equal(t, incident.Invalid, incident.KindOf(err))
		require.ErrorContains(t, err, says)
	}
}
