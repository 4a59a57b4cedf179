package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

func TestHeraldRunsOneActivity(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	var h *activities.Herald
	env.OnActivity(h.Herald, anything).Return(activities.Heralded{Told: 2}, nil).Once()
	env.RegisterActivity(&activities.Herald{})
	env.ExecuteWorkflow(workflows.Herald)
	require.NoError(t, env.GetWorkflowError())
	var out activities.Heralded
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Equal(t, 2, out.Told)
}

func TestEnsureHerald(t *testing.T) {
	s := &scheduler{}
	require.NoError(t, workflows.EnsureHerald(t.Context(), s))
	require.Equal(t, "herald", s.created.ID)
	require.Equal(t, time.Minute, s.created.Spec.Intervals[0].Every)
}

func TestHandOffOffersTheIncident(t *testing.T) {
	s := payments(t, cadence()).
		at("02:01", command("bob", incident.AcknowledgeCommand, ack)).
		at("02:10", func(s *story) {
			s.env.SignalWorkflow(workflows.HandOffSignal, incident.HandOff{
				Rotation: "payments/primary", Outgoing: []string{"bob"}, Incoming: "carol",
			})
		}).
		at("02:12", stop).play()
	require.NotEmpty(t, s.transcript("02:10", "02:11", "carol"), "whoever comes is paged about it")
	require.Equal(t, "bob", s.row.Holder, "and the holder keeps it")
}
