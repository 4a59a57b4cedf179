package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// lookedAt is a catalog that cannot be read at first, and what was told of it.
type lookedAt struct {
	away  int
	marks map[string][]string
}

func (l *lookedAt) Current(context.Context) (*catalog.Catalog, error) {
	if l.away--; l.away >= 0 {
		return nil, incident.Errorf(incident.Unavailable, "away")
	}
	p := quiet()
	p.Escalation.Levels = nil
	return declared(p), nil
}

func (l *lookedAt) ToldGaps(context.Context, string) ([]string, error) { return nil, nil }

func (l *lookedAt) KeepToldGaps(_ context.Context, team string, marks []string, _ time.Time) error {
	l.marks[team] = marks
	return nil
}

func (l *lookedAt) Made(context.Context, string) (activities.Attempt, bool, error) {
	return activities.Attempt{}, true, nil
}
func (l *lookedAt) Attempt(context.Context, ...activities.Attempt) error { return nil }
func (l *lookedAt) Send(context.Context, string, incident.Message) error { return nil }

func TestCoverageIsLookedAtUntilItIsKnown(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	l := &lookedAt{away: 3, marks: map[string][]string{}}
	env.RegisterActivity(&activities.Lookout{
		Pager: &activities.Pager{Catalogs: l, Ledger: l, Channels: map[string]activities.Channel{"push": l}}, Told: l,
	})
	env.ExecuteWorkflow(workflows.Coverage)
	require.NoError(t, env.GetWorkflowError())
	var out activities.Ahead
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, activities.Ahead{Gaps: 1, Told: []string{"payments"}}, out)
	require.Len(t, l.marks["payments"], 1)
}

func TestCoverageIsLookedAtEveryNight(t *testing.T) {
	s := &scheduler{}
	require.NoError(t, workflows.EnsureCoverage(t.Context(), s))
	require.True(t, s.created.TriggerImmediately, "and at once where it never was")
	require.Equal(t, []client.ScheduleRange{{Start: 2}}, s.created.Spec.Calendars[0].Hour)
	require.Empty(t, s.created.Spec.TimeZoneName, "in UTC")
	require.Equal(t, 20*time.Hour, s.created.CatchupWindow)
	require.NoError(t, workflows.EnsureCoverage(t.Context(), s))
	require.Equal(t, enums.SCHEDULE_OVERLAP_POLICY_SKIP, s.updated.Policy.Overlap)
}
