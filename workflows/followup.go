package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// followUp waits, for weeks if need be, until every closure gate is met, and
// closes the incident. A relapse ends the wait.
func (r *response) followUp(ctx workflow.Context) error {
	met := func() bool { return len(r.inc.Unmet(workflow.Now(ctx))) == 0 }
	if err := r.await(ctx, func() bool { return !r.in(incident.Resolved) || met() }); err != nil {
		return err
	}
	if r.takeIn(ctx); r.in(incident.Resolved) && met() {
		r.inc.Finish(workflow.Now(ctx))
	}
	return nil
}
