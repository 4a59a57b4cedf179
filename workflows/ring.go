package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// silence stops what rings though nobody need answer it any more. What cannot
// be stopped ends by itself, and delays nothing.
func (r *response) silence(ctx workflow.Context) {
	for !r.stopping() {
		if workflow.Await(ctx, func() bool { return r.stopping() || len(r.ringing) > 0 }) != nil || len(r.ringing) == 0 {
			return
		}
		list := r.ringing
		r.ringing = nil
		workflow.GoNamed(ctx, "silence", func(ctx workflow.Context) { r.silenceAll(ctx, list) })
	}
}

func (r *response) silenceAll(ctx workflow.Context, list []activities.Ringing) {
	defer r.effect()()
	summary := fmt.Sprintf("silence %d that ring", len(list))
	if err := workflow.ExecuteActivity(silencing(ctx, summary), pager.Silence, list).Get(ctx, nil); err != nil {
		r.log.Warn("what rings could not be silenced", "error", err)
	}
}
