package jira_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/jira"
	"github.com/tocsinhq/tocsin/sandbox/fault"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

// edit changes the ticket as a person would, by its fields.
func (s *site) edit(t *testing.T, key string, fields map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"fields": fields})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/rest/api/2/issue/"+key, strings.NewReader(string(body)))
	require.NoError(t, err)
	req.SetBasicAuth(sandbox.DefaultEmail, sandbox.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}

func TestUpdateWritesOnlyWhatChanged(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	s.writes()
	require.NoError(t, tracker.Update(t.Context(), ref, ticket()))
	require.Zero(t, s.writes(), "nothing has changed")

	next := ticket()
	next.Summary, next.Block, next.Priority, next.Assignee = "INC-1042 Checkout recovers", "Mitigated.", "Low", "5b10ac8d82e05b22cc7d4ef5"
	next.Due = time.Date(2026, 12, 6, 0, 0, 0, 0, time.UTC)
	require.NoError(t, tracker.Update(t.Context(), ref, next))
	require.Equal(t, 1, s.writes(), "one moment is one write")
	got := s.issue(t)
	require.Equal(t, "INC-1042 Checkout recovers", got.Summary)
	require.Contains(t, got.Description, "Mitigated.")
	require.NotContains(t, got.Description, "mitigating")
	require.Equal(t, "Low", got.Priority)
	require.Equal(t, "2026-12-06", got.DueDate)
	require.Equal(t, "5b10ac8d82e05b22cc7d4ef5", got.Assignee)

	require.NoError(t, tracker.Update(t.Context(), ref, next))
	require.Zero(t, s.writes())
}

func TestUpdateLeavesWhatPeopleWrote(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	s.edit(t, ref.Key, map[string]any{
		"summary":     "Cards are refused",
		"description": "Above, h2. by hand\r\n" + strings.ReplaceAll(part, "\n", "\r\n") + "\r\nBelow, by hand",
		"labels":      []string{"payments", "tocsin-INC-1042"}, "duedate": "2030-01-01", "priority": map[string]string{"name": "Highest"},
	})
	next := ticket()
	next.Block, next.Summary = "Mitigated.", "INC-1042 Checkout recovers"
	require.NoError(t, tracker.Update(t.Context(), ref, next))
	got := s.issue(t)
	require.Equal(t, "Cards are refused", got.Summary, "a person's summary stays")
	require.Equal(t, "Above, h2. by hand\r\nh4. Tocsin keeps this part current\n\nMitigated.\n\n"+
		"_End of the part that Tocsin keeps current_\r\nBelow, by hand", got.Description)
	require.Equal(t, []string{"payments", "tocsin-INC-1042"}, got.Labels)
	require.Equal(t, "2030-01-01", got.DueDate)
	require.Equal(t, "Highest", got.Priority)
}

func TestUpdateOfDescriptions(t *testing.T) {
	half := "h4. Tocsin keeps this part current\n\nhalf of one"
	tests := map[string]struct{ before, want string }{
		"Tocsin's part is gone":    {"By hand.\n", "By hand.\n\n" + part},
		"empty":                    {"", part},
		"dressed by an editor":     {"*Tocsin keeps this part current*\nold\n{color:red}End of the part that Tocsin keeps current{color}\nrest", part + "\nrest"},
		"half a part":              {half, half + "\n\n" + part},
		"an end alone":             {"_End of the part that Tocsin keeps current_", "_End of the part that Tocsin keeps current_\n\n" + part},
		"half a part before a one": {half + "\n" + part, half + "\n" + part},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, sandbox.Config{})
			tracker := s.tracker(t, nil)
			first := ticket()
			first.Block = "old"
			ref, err := tracker.Ensure(t.Context(), first)
			require.NoError(t, err)
			s.edit(t, ref.Key, map[string]any{"description": tt.before})
			for range 2 {
				require.NoError(t, tracker.Update(t.Context(), ref, ticket()))
				require.Equal(t, tt.want, s.issue(t).Description)
			}
		})
	}
}

func TestMarkThatSomebodySpoilt(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
		s.url+"/rest/api/2/issue/"+ref.Key+"/properties/tocsin", strings.NewReader(`["spoilt"]`))
	require.NoError(t, err)
	req.SetBasicAuth(sandbox.DefaultEmail, sandbox.DefaultToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	next := ticket()
	next.Block, next.Summary = "Mitigated.", "another"
	require.NoError(t, tracker.Update(t.Context(), ref, next))
	require.Contains(t, s.issue(t).Description, "Mitigated.")
	require.Equal(t, ticket().Summary, s.issue(t).Summary, "whose summary it is nobody knows")
}

func TestPartThatTalksOfParts(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	next := ticket()
	for _, block := range []string{"End of the part that Tocsin keeps current\n\nTocsin keeps this part current", "after"} {
		next.Block = block
		require.NoError(t, tracker.Update(t.Context(), ref, next))
	}
	require.Equal(t, "h4. Tocsin keeps this part current\n\nafter\n\n_End of the part that Tocsin keeps current_", s.issue(t).Description)
}

func TestPartIsShortenedToFit(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	byHand := strings.Repeat("x", 20000)
	s.edit(t, ref.Key, map[string]any{"description": byHand})
	next := ticket()
	next.Block = strings.Repeat("- a line of the timeline 🙂 {x}\n", 2000)
	require.NoError(t, tracker.Update(t.Context(), ref, next))
	got := s.issue(t).Description
	require.True(t, strings.HasPrefix(got, byHand+"\n\nh4. "))
	require.Contains(t, got, "\n\n(shortened)\n\n_End of")
	require.LessOrEqual(t, len(utf16.Encode([]rune(got))), 32767)
	require.Greater(t, len(got), 25000)

	s.edit(t, ref.Key, map[string]any{"description": strings.Repeat("x", 32760)})
	require.NoError(t, tracker.Update(t.Context(), ref, next), "no room is no error")
	require.Equal(t, strings.Repeat("x", 32760), s.issue(t).Description)
}

func TestLinks(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, func(c *jira.Config) {
		c.Backlink = func(t incident.Ticket) (string, string) {
			return "The incident", "https://tocsin.example.com/" + t.Label
		}
	})
	parent := ensured(t, tracker)
	child := ticket()
	child.Label, child.Type, child.Parent = "tocsin-INC-1042-followup-1", "Task", parent
	ref, err := tracker.Ensure(t.Context(), child)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, tracker.Update(t.Context(), ref, child))
	}
	got, ok := s.Issue(ref.ID)
	require.True(t, ok)
	require.Len(t, got.Links, 1)
	require.Equal(t, "Relates", got.Links[0].Type)
	require.Equal(t, parent.ID, got.Links[0].Inward)
	require.Len(t, got.RemoteLinks, 1)
	require.Equal(t, "tocsin:"+child.Label, got.RemoteLinks[0].GlobalID)
	require.JSONEq(t, `{"title":"The incident","url":"https://tocsin.example.com/tocsin-INC-1042-followup-1"}`, string(got.RemoteLinks[0].Object))
	require.Equal(t, 1, s.Faults.Calls("link.add"), "what people unlink stays unlinked")
}

func TestOneThatFailsDoesNotHoldTheOthersUp(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, func(c *jira.Config) { c.LinkType = "No such link" })
	ref := ensured(t, tracker)
	next := ticket()
	next.Block, next.Done, next.Parent = "Closed.", true, incident.TicketRef{Key: "OPS-77"}
	err := tracker.Update(t.Context(), ref, next)
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.ErrorContains(t, err, "link the ticket to its parent: JIRA answered 404")
	require.Contains(t, s.issue(t).Description, "Closed.")
	require.Equal(t, sandbox.CategoryDone, s.issue(t).Status.Category)
}

func TestUpdateOfWhatIsGone(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	require.NoError(t, s.Delete(ref.Key, "bob@example.com"))
	err := tracker.Update(t.Context(), ref, ticket())
	require.Equal(t, incident.NotFound, incident.KindOf(err))
	require.Empty(t, s.Issues())

	for _, bad := range []incident.TicketRef{{}, {Key: "../myself"}, {ID: "1?x=y"}} {
		require.Equal(t, incident.Invalid, incident.KindOf(tracker.Update(t.Context(), bad, ticket())))
	}
}

func TestUpdateAfterAConflict(t *testing.T) {
	s := newSite(t, sandbox.Config{})
	tracker := s.tracker(t, nil)
	ref := ensured(t, tracker)
	require.NoError(t, s.Faults.Add("issue.edit", fault.Fault{Status: 409}))
	next := ticket()
	next.Block = "Mitigated."
	require.Equal(t, incident.Unavailable, incident.KindOf(tracker.Update(t.Context(), ref, next)))
	require.NoError(t, tracker.Update(t.Context(), ref, next))
	require.Contains(t, s.issue(t).Description, "Mitigated.")
}
