package workflows_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

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
