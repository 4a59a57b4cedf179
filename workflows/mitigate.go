package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// mitigate waits until users are served again. Runbooks, updates and time
// limits go on beside it.
func (r *response) mitigate(ctx workflow.Context) error {
	return r.await(ctx, func() bool { return !r.in(incident.Mitigating) })
}
