package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

func (l *lookedAt) Woken(context.Context, time.Time, time.Time) ([]incident.Woken, error) {
	return nil, nil
}

func TestTheNoiseReportIsTriedUntilItIsOut(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	l := &lookedAt{away: 3}
	env.RegisterActivity(&activities.Reviewer{Pager: &activities.Pager{Catalogs: l, Ledger: l}, Past: l})
	env.ExecuteWorkflow(workflows.Noise)
	require.NoError(t, env.GetWorkflowError())
	var out activities.Reported
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Regexp(t, `^\d{4}-W\d{2}$`, out.Week)
	require.Negative(t, l.away)
}

func TestTheNoiseReportIsMadeEveryMonday(t *testing.T) {
	s := &scheduler{}
	require.NoError(t, workflows.EnsureNoise(t.Context(), s))
	spec := s.created.Spec.Calendars[0]
	require.Equal(t, []client.ScheduleRange{{Start: 1}}, spec.DayOfWeek)
	require.Equal(t, []client.ScheduleRange{{Start: 8}}, spec.Hour)
	require.Empty(t, s.created.Spec.TimeZoneName, "in UTC")
	require.False(t, s.created.TriggerImmediately)
	require.NoError(t, workflows.EnsureNoise(t.Context(), s))
	require.NotNil(t, s.updated)
}
