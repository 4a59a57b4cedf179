package workflows

import (
	"context"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tocsinhq/tocsin/incident"
)

// Forget removes a beat from Temporal, which would else keep one a minute until
// the retention ends. It answers with incident.NotFound when there is none,
// and refuses with incident.Invalid what is no beat.
func (c *Client) Forget(ctx context.Context, number string) error {
	if !incident.IsBeat(number) {
		return incident.Errorf(incident.Invalid, "forget %s: only a beat may be forgotten", number)
	}
	_, err := c.Temporal.WorkflowService().DeleteWorkflowExecution(ctx, &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: c.Namespace, WorkflowExecution: &common.WorkflowExecution{WorkflowId: number},
	})
	return engineError(err, "forget "+number)
}
