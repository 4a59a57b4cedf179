package jira_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

// twice makes the same ticket twice, as a lagging index lets it: the first one
// without an answer, so that only the second is known.
func twice(t *testing.T, s *site, tracker *jira.Tracker) (lost, known incident.TicketRef) {
	t.Helper()
	s.SetIndexLag(time.Hour)
	require.NoError(t, s.Faults.Add("issue.create", fault.Fault{Drop: true, After: true}))
	_, err := tracker.Ensure(t.Context(), ticket())
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
	first := s.issue(t)
	known, err = tracker.EnsureAgain(t.Context(), ticket())
	require.NoError(t, err)
	require.NotEqual(t, first.ID, known.ID)
	s.SetIndexLag(0)
	return incident.TicketRef{ID: first.ID, Key: first.Key}, known
}

func (s *site) requireSettled(t *testing.T, extra, kept incident.TicketRef) {
	t.Helper()
	got, ok := s.Issue(extra.Key)
	require.True(t, ok)
	require.Equal(t, sandbox.CategoryDone, got.Status.Category)
	require.Equal(t, "Duplicate", got.Resolution)
	require.Len(t, got.Links, 1)
	link := got.Links[0]
	link.ID = ""
	require.Equal(t, sandbox.Link{Type: "Duplicate", Inward: extra.ID, Outward: kept.ID}, link, "the extra duplicates the kept one")
	require.Len(t, got.Comments, 1)
	require.Contains(t, got.Comments[0].Body, kept.Key+" is the ticket that Tocsin keeps current")
}

func (s *site) requireOpen(t *testing.T, ref incident.TicketRef) {
	t.Helper()
	got, ok := s.Issue(ref.Key)
	require.True(t, ok)
	require.Equal(t, sandbox.CategoryNew, got.Status.Category)
	require.Empty(t, got.Comments)
}

func TestEnsureSettlesOnTheLowestID(t *testing.T) {
	s := newSite(t, sandbox.Config{StrictComments: true})
	tracker := s.tracker(t, nil)
	first, second := twice(t, s, tracker)
	for range 2 {
		require.Equal(t, first, ensured(t, tracker))
		s.requireSettled(t, second, first)
		s.requireOpen(t, first)
	}
	require.Equal(t, 1, s.Faults.Calls("comment.add"))
	require.Equal(t, 1, s.Faults.Calls("transition.do"))
}

func TestSettlingGoesOnWhereItStopped(t *testing.T) {
	for _, step := range []string{"myself", "issue.get", "link.add", "transition.list", "transition.do", "comment.add"} {
		t.Run(step, func(t *testing.T) {
			s := newSite(t, sandbox.Config{})
			var log bytes.Buffer
			tracker := s.tracker(t, func(c *jira.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			first, second := twice(t, s, tracker)
			require.NoError(t, s.Faults.Add(step, fault.Fault{Status: 503}))
			require.Equal(t, first, ensured(t, tracker), "what fails costs the ticket nothing")
			require.Contains(t, log.String(), "close it by hand")
			require.Equal(t, first, ensured(t, tracker))
			s.requireSettled(t, second, first)
		})
	}
}

func TestUpdateSettlesOnTheTicketThatIsNamed(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, func(c *jira.Config) { c.IndexWindow = time.Millisecond })
	lost, known := twice(t, s, tracker)
	require.Eventually(t, func() bool {
		return tracker.Update(t.Context(), known, ticket()) == nil && s.Faults.Calls("comment.add") == 1
	}, 10*time.Second, 50*time.Millisecond)
	s.requireSettled(t, lost, known)
	s.requireOpen(t, known)

	searches := s.Faults.Calls("search")
	s.writes()
	require.NoError(t, tracker.Update(t.Context(), known, ticket()))
	require.Zero(t, s.writes())
	require.Equal(t, searches, s.Faults.Calls("search"), "it is looked for once")
}

func TestReadSettlesForATicketThatIsNotWrittenAgain(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, func(c *jira.Config) { c.IndexWindow = time.Millisecond })
	lost, known := twice(t, s, tracker)
	require.Eventually(t, func() bool {
		_, err := tracker.Read(t.Context(), []incident.TicketRef{known})
		return err == nil && s.Faults.Calls("comment.add") == 1
	}, 10*time.Second, 50*time.Millisecond)
	s.requireSettled(t, lost, known)
	s.requireOpen(t, known)
}

func TestTheLastUpdateDoesNotWait(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, func(c *jira.Config) { c.IndexWindow = time.Second })
	lost, known := twice(t, s, tracker)
	searches := s.Faults.Calls("search")
	require.NoError(t, tracker.Update(t.Context(), known, ticket()))
	require.Equal(t, searches, s.Faults.Calls("search"), "the index may not have caught up")
	require.NoError(t, tracker.Update(t.Context(), known, done()))
	s.requireSettled(t, lost, known)
}

func TestUpdateSearchesOnlyAfterAnUncertainCreation(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	searches := s.Faults.Calls("search")
	require.NoError(t, tracker.Update(t.Context(), ref, ticket()))
	require.NoError(t, tracker.Update(t.Context(), ref, done()))
	_, err := tracker.Read(t.Context(), []incident.TicketRef{ref})
	require.NoError(t, err)
	require.Equal(t, searches, s.Faults.Calls("search"))
}

func TestUpdateEndsWellWhenNothingCanBeSettled(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	_, known := twice(t, s, tracker)
	require.NoError(t, s.Faults.Add("search", fault.Fault{Status: 503}))
	require.NoError(t, tracker.Update(t.Context(), known, done()))
	got, _ := s.Issue(known.Key)
	require.Equal(t, sandbox.CategoryDone, got.Status.Category)
}

func TestSettlingLeavesWhatPeopleMadeOrWant(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	clone, err := s.Clone(ref.Key, "bob@example.com")
	require.NoError(t, err)
	require.Equal(t, ref, ensured(t, tracker))
	s.requireOpen(t, incident.TicketRef{ID: clone.ID, Key: clone.Key})

	s2 := newSite(t, sandbox.Config{})
	tracker = s2.tracker(t, nil)
	first, second := twice(t, s2, tracker)
	require.Equal(t, first, ensured(t, tracker))
	require.NoError(t, s2.Transition(second.Key, "bob@example.com", "To Do", ""))
	require.Equal(t, first, ensured(t, tracker))
	got, _ := s2.Issue(second.Key)
	require.Equal(t, sandbox.CategoryNew, got.Status.Category, "a person opened it again")
}
