package jira_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/jira"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/jira/jiracontract"
)

var _ activities.Tracker = (*jira.Tracker)(nil)

// site is a stand-in on a real socket; each request to it and each of its
// answers is checked against the published contract.
type site struct {
	*sandbox.Server
	url string

	mu    sync.Mutex
	calls []string
}

func newSite(t *testing.T, config sandbox.Config) *site {
	t.Helper()
	fake, err := sandbox.New(config)
	require.NoError(t, err)
	s := &site{Server: fake}
	checked := jiracontract.Check(t, fake)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		checked.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	s.url = server.URL + "/jira"
	return s
}

// writes returns how many requests since the last call were no reads.
func (s *site) writes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, call := range s.calls {
		if call[:4] != "GET " {
			n++
		}
	}
	s.calls = nil
	return n
}

func (s *site) tracker(t *testing.T, change func(*jira.Config)) *jira.Tracker {
	t.Helper()
	config := jira.Config{URL: s.url, Email: sandbox.DefaultEmail, Token: sandbox.DefaultToken, IndexWindow: 50 * time.Millisecond}
	if change != nil {
		change(&config)
	}
	tracker, err := jira.New(config)
	require.NoError(t, err)
	return tracker
}

// issue returns the one issue there is.
func (s *site) issue(t *testing.T) *sandbox.Issue {
	t.Helper()
	require.Len(t, s.Issues(), 1)
	return s.Issues()[0]
}

func ticket() incident.Ticket {
	return incident.Ticket{
		Label: "tocsin-INC-1042", Project: "OPS", Type: "Incident", Summary: "INC-1042 Checkout fails",
		Block: "**SEV1**, mitigating.\n\n- 03:04 paged {alice}",
	}
}

func ensured(t *testing.T, tracker *jira.Tracker) incident.TicketRef {
	t.Helper()
	ref, err := tracker.Ensure(t.Context(), ticket())
	require.NoError(t, err)
	return ref
}
