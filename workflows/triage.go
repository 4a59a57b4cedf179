package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// triage waits until somebody has acknowledged and said what is wrong. Paging
// goes on beside it until then.
func (r *response) triage(ctx workflow.Context) error {
	return r.await(ctx, func() bool { return !r.in(incident.Triggered, incident.Triaging) })
}
