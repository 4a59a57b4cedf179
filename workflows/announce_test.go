package workflows_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

// shelf takes in everything but what is called "rollback".
type shelf struct {
	took []activities.ServedRunbook
	away int
}

func (s *shelf) Shelve(_ context.Context, list []activities.ServedRunbook) (map[string]string, error) {
	if s.away--; s.away >= 0 {
		return nil, incident.Errorf(incident.Unavailable, "away")
	}
	s.took = list
	return map[string]string{"rollback": "a runbook of this name comes with Tocsin"}, nil
}

func (s *shelf) QueueOf(context.Context, string) (string, error) { return "", nil }

func announce(t *testing.T, s *shelf, a runbook.Announcement) (runbook.Announced, error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(&activities.Recorder{Shelf: s})
	env.ExecuteWorkflow(workflows.Announce, a)
	require.True(t, env.IsWorkflowCompleted())
	var out runbook.Announced
	if err := env.GetWorkflowError(); err != nil {
		return out, err
	}
	return out, env.GetWorkflowResult(&out)
}

func named(names ...string) []runbook.Spec {
	var out []runbook.Spec
	for _, name := range names {
		out = append(out, runbook.Spec{Name: name, About: "Does it.", Fits: "Always."})
	}
	return out
}

func TestAnnouncedRunbooksAreTakenInOneByOne(t *testing.T) {
	list := named("drain", "rollback", "fill", "Shout", "long")
	list[2].Approval = &runbook.Approval{}
	list[4].About = strings.Repeat("x", runbook.MaxSpec)
	s := &shelf{away: 2}
	out, err := announce(t, s, runbook.Announcement{Queue: "acme", Runbooks: list})
	require.NoError(t, err)
	require.Equal(t, runbook.Announced{Offered: []string{"drain"}, Refused: []runbook.Unoffered{
		{Name: "fill", Why: "it wants an approval, and changes nothing (Target)"},
		{Name: "Shout", Why: "its name is not lower-case words joined by hyphens"},
		{Name: "long", Why: "what it says of itself is 16427 bytes, more than 16384"},
		{Name: "rollback", Why: "a runbook of this name comes with Tocsin"},
	}}, out)
	require.Equal(t, []activities.ServedRunbook{
		{Name: "drain", Queue: "acme", Spec: `{"name":"drain","about":"Does it.","fits":"Always."}`},
		{Name: "rollback", Queue: "acme", Spec: `{"name":"rollback","about":"Does it.","fits":"Always."}`},
	}, s.took)
}

func TestAnAnnouncementIsRefusedAsAWhole(t *testing.T) {
	var many []string
	for n := range runbook.MaxAnnounced + 1 {
		many = append(many, fmt.Sprintf("runbook-%d", n))
	}
	for want, a := range map[string]runbook.Announcement{
		"no runbook to serve":   {Queue: "acme"},
		"51 runbooks are more":  {Queue: "acme", Runbooks: named(many...)},
		"one of Tocsin's own":   {Queue: workflows.Paging, Runbooks: named("drain")},
		"without spaces":        {Queue: "a b", Runbooks: named("drain")},
		"1 to 200 bytes":        {Queue: strings.Repeat("x", 201), Runbooks: named("drain")},
		"two runbooks are call": {Queue: "acme", Runbooks: named("drain", "drain")},
	} {
		s := &shelf{}
		_, err := announce(t, s, a)
		require.ErrorContains(t, err, want)
		require.Empty(t, s.took)
	}
}
