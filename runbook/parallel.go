package runbook

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Parallel runs branches side by side, and returns when all have ended, with the
// error of the first that failed. When one fails the others stop before their
// next step; a call that has begun is seen to its end. Verbs are called with the
// context that the branch is given. Steps are undone in the reverse order in
// which they were done, whatever their branch.
func Parallel(ctx workflow.Context, branches ...func(ctx workflow.Context) error) error {
	run := of(ctx)
	if err := run.stopped(ctx); err != nil {
		return err
	}
	within, stop := workflow.WithCancel(ctx)
	defer stop()
	var first error
	group := workflow.NewWaitGroup(ctx)
	for _, branch := range branches {
		group.Add(1)
		workflow.GoNamed(within, "branch", func(ctx workflow.Context) {
			defer group.Done()
			run.inside.enter()
			defer run.inside.leave()
			err := contained(func() error { return branch(ctx) })
			if err != nil && (first == nil || temporal.IsCanceledError(first)) {
				first = err
			}
			if err != nil {
				stop()
			}
		})
	}
	steady, _ := workflow.NewDisconnectedContext(ctx)
	group.Wait(steady) // what has begun is seen to its end
	return run.unless(ctx, first)
}
