package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// resolve waits until it is over for good, or begins again.
func (r *response) resolve(ctx workflow.Context) error {
	return r.await(ctx, func() bool { return !r.in(incident.Mitigated) })
}
