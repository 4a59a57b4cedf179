package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// engine describes one open workflow whose memo was written by a converter.
type engine struct {
	client.Client
	converter converter.DataConverter
}

func (e engine) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	payload, err := e.converter.ToPayload(incident.Identity("payments", "PaymentsFail"))
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING,
		Memo:   &commonpb.Memo{Fields: map[string]*commonpb.Payload{"TocsinKey": payload}},
	}}, err
}

func TestDescribeReadsTheMemoAsItWasWritten(t *testing.T) {
	zipped := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	for _, written := range []converter.DataConverter{nil, zipped} {
		c := workflows.Client{Temporal: engine{converter: converter.GetDefaultDataConverter()}, Converter: written}
		if written != nil {
			c.Temporal = engine{converter: written}
		}
		key, open, err := c.Describe(t.Context(), "INC-1042")
		require.NoError(t, err)
		require.True(t, open)
		require.Equal(t, "payments/PaymentsFail", key)
	}
}

// namespace starts what it knows the attributes of and what is not too large.
type namespace struct {
	client.Client
	unregistered bool
	room         int // for alerts
	tries        []workflows.State
	listed       []int
}

func (n *namespace) ExecuteWorkflow(_ context.Context, o client.StartWorkflowOptions, _ any, args ...any) (client.WorkflowRun, error) {
	state := args[0].(workflows.State)
	n.tries, n.listed = append(n.tries, state), append(n.listed, o.TypedSearchAttributes.Size())
	if n.unregistered && o.TypedSearchAttributes.Size() > 0 {
		return nil, serviceerror.NewInvalidArgument("Namespace default has no mapping defined for search attribute TocsinPhase")
	}
	if len(state.Alerts) > n.room {
		return nil, serviceerror.NewInvalidArgument("Blob data size exceeds limit.")
	}
	return nil, nil
}

func (n *namespace) last() (state workflows.State, listed int) {
	return n.tries[len(n.tries)-1], n.listed[len(n.listed)-1]
}

func TestStartLeavesOutWhatTemporalRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		engine               namespace
		tries, listed, batch int
	}{
		"nothing":            {namespace{room: 9}, 1, 4, 2},
		"search attributes":  {namespace{room: 9, unregistered: true}, 2, 0, 2},
		"alerts":             {namespace{room: 1}, 3, 4, 0},
		"attributes, alerts": {namespace{room: 1, unregistered: true}, 4, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := workflows.Client{Temporal: &row.engine}
			_, err := c.Start(t.Context(), &incident.Incident{Number: "INC-1042", Service: "payments"}, make([]alerts.Alert, 2), 3)
			require.NoError(t, err)
			require.Len(t, row.engine.tries, row.tries)
			state, listed := row.engine.last()
			require.Equal(t, row.listed, listed)
			require.Equal(t, listed == 0, state.Unlisted, "the workflow sets no attribute either")
			require.Len(t, state.Alerts, row.batch)
			require.Equal(t, 5, state.More+len(state.Alerts), "no alert goes uncounted")
		})
	}
}

func TestStartGivesUpOnWhatIsRefusedAltogether(t *testing.T) {
	engine := &namespace{room: -1}
	c := workflows.Client{Temporal: engine}
	_, err := c.Start(t.Context(), &incident.Incident{Number: "INC-1042"}, make([]alerts.Alert, 2), 0)
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.Len(t, engine.tries, 4)
	require.True(t, c.Lists(), "for all that is known")
}

func TestClientListsUnlessTemporalRefusesSearchAttributes(t *testing.T) {
	engine := &namespace{room: 9, unregistered: true}
	c := workflows.Client{Temporal: engine}
	start := func() {
		_, err := c.Start(t.Context(), &incident.Incident{Number: "INC-1042"}, nil, 0)
		require.NoError(t, err)
	}
	require.True(t, c.Lists())
	start()
	require.False(t, c.Lists())
	engine.unregistered = false
	start()
	require.True(t, c.Lists(), "they are registered by now")
	require.False(t, (&workflows.Client{Unlisted: true}).Lists())
}
