package jira_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/channeltest"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

const part = `h4. Tocsin keeps this part current

*SEV1*, mitigating.

* 03:04 paged \{alice\}

_End of the part that Tocsin keeps current_`

func TestEnsureCreates(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	want := ticket()
	want.Priority, want.Due = "High", time.Date(2026, 12, 6, 0, 0, 0, 0, time.UTC)
	want.Summary = "INC-1042  Checkout\nfails " + strings.Repeat("ä", 300)
	ref, err := s.tracker(t, nil).Ensure(t.Context(), want)
	require.NoError(t, err)
	got := s.issue(t)
	require.Equal(t, incident.TicketRef{ID: got.ID, Key: got.Key}, ref)
	require.Equal(t, "OPS", got.Project)
	require.Equal(t, "Incident", got.Type)
	require.Equal(t, []string{"tocsin-INC-1042"}, got.Labels)
	require.Equal(t, "High", got.Priority)
	require.Equal(t, "2026-12-06", got.DueDate)
	require.Equal(t, part, got.Description)
	require.Regexp(t, `^INC-1042 Checkout fails ä+…$`, got.Summary)
	require.Contains(t, string(got.Properties["tocsin"]), `"label":"tocsin-INC-1042"`)
}

func TestEnsureFindsWhatIsThere(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	require.Equal(t, ref, ensured(t, tracker))
	other := ticket()
	other.Label = "tocsin-INC-104"
	_, err := tracker.Ensure(t.Context(), other)
	require.NoError(t, err)
	require.Len(t, s.Issues(), 2, "another label is another ticket")
}

func TestEnsurePicksTheLowestID(t *testing.T) {
	s := newSite(t, sandbox.Config{IndexLag: time.Hour})
	tracker := s.tracker(t, nil)
	first, second := ensured(t, tracker), ensured(t, tracker)
	require.NotEqual(t, first, second, "with a lagging index a blind repeat makes another")
	s.SetIndexLag(0)
	require.Equal(t, first, ensured(t, tracker))
}

func TestEnsureAgainWaitsForTheIndex(t *testing.T) {
	s := newSite(t, sandbox.Config{IndexLag: 300 * time.Millisecond})
	tracker := s.tracker(t, func(c *jira.Config) { c.IndexWindow = 10 * time.Second })
	require.NoError(t, s.Faults.Add("issue.create", fault.Fault{Drop: true, After: true}))
	_, err := tracker.Ensure(t.Context(), ticket())
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "%v", err)
	created := s.issue(t)

	ref, err := tracker.EnsureAgain(t.Context(), ticket())
	require.NoError(t, err)
	require.Equal(t, created.ID, ref.ID)
	require.Len(t, s.Issues(), 1)
}

func TestEnsureAgainCreatesAfterTheWindow(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	started := time.Now()
	_, err := s.tracker(t, nil).EnsureAgain(t.Context(), ticket())
	require.NoError(t, err)
	require.Len(t, s.Issues(), 1)
	require.GreaterOrEqual(t, time.Since(started), 50*time.Millisecond)
}

func TestEnsureAgainEndsWhenCancelled(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.tracker(t, func(c *jira.Config) { c.IndexWindow = time.Hour }).EnsureAgain(ctx, ticket())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Empty(t, s.Issues())
}

func TestCreateWithoutOptionalFields(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	want := ticket()
	want.Priority, want.Due = "P0", time.Now()
	var log bytes.Buffer
	tracker := s.tracker(t, func(c *jira.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	_, err := tracker.Ensure(t.Context(), want)
	require.NoError(t, err, "a priority that the project does not know costs no ticket")
	require.Contains(t, log.String(), "fields=[priority]")
	channeltest.NoSecret(t, errors.New(log.String()), sandbox.DefaultToken, sandbox.DefaultEmail, s.url)
	require.Equal(t, "Medium", s.issue(t).Priority)
	require.NotEmpty(t, s.issue(t).DueDate)
}

func TestCreateIsRefused(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	want := ticket()
	want.Type, want.Priority = "Wish", "P0"
	_, err := s.tracker(t, nil).Ensure(t.Context(), want)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.ErrorContains(t, err, "create the ticket: JIRA answered 400 Bad Request: issuetype: Specify a valid issue type")
	require.Empty(t, s.Issues())
}

func TestTicketsThatAreNone(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tests := map[string]func(*incident.Ticket){
		"no label":        func(t *incident.Ticket) { t.Label = "" },
		"two words":       func(t *incident.Ticket) { t.Label = "a b" },
		"no project":      func(t *incident.Ticket) { t.Project = "" },
		"no type":         func(t *incident.Ticket) { t.Type = "" },
		"no summary":      func(t *incident.Ticket) { t.Summary = " \n" },
		"control summary": func(t *incident.Ticket) { t.Summary = "\x00\x1b" },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			bad := ticket()
			spoil(&bad)
			_, err := s.tracker(t, nil).Ensure(t.Context(), bad)
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			_, err = s.tracker(t, nil).EnsureAgain(t.Context(), bad)
			require.Equal(t, incident.Invalid, incident.KindOf(err))
		})
	}
	require.Empty(t, s.Issues())
}

func TestQuotesInAProject(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	bad := ticket()
	bad.Project = `OPS" OR project = "SHOP\`
	_, err := s.tracker(t, nil).Ensure(t.Context(), bad)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
}
