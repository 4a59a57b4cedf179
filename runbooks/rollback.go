package runbooks

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/runbook"
)

func rollback() runbook.Runbook {
	return runbook.Runbook{
		Name:    "rollback",
		About:   "Takes a deploy target back to the revision that ran before, and checks that it helped.",
		Fits:    "A deployment is the likely cause.",
		Approve: catalog.HolderRole,
		Params: []runbook.Param{
			{Name: "target", About: "the deploy target", Required: true},
			{Name: "check", About: "the instant query that tells whether it helped", Required: true},
			{Name: "below", About: "what the query must stay below", Type: runbook.Number, Required: true},
			{Name: "settle", About: "how long the check takes", Type: runbook.Duration, Default: "2m"},
			{Name: "approve_within", About: "how long an approval is waited for", Type: runbook.Duration, Default: "15m"},
		},
		Run: Rollback,
	}
}

// Rollback takes a deploy target back to the revision that ran before, once a
// person approved it. When the metric is not healthy afterwards, it stops and
// offers to go forward again.
func Rollback(ctx workflow.Context, in runbook.Input) error {
	target := in.Text("target")
	now, err := runbook.Deployed(ctx, target)
	if err != nil {
		return err
	}
	if len(now.Previous) == 0 {
		return fmt.Errorf("%w: nothing ran at %s before %s", runbook.ErrRefused, target, now.Revision)
	}
	before := now.Previous[0]
	runbook.Note(ctx, "%s runs %s (%s); before it ran %s (%s)", target, now.Revision, now.Version, before.Revision, before.Version)

	text := fmt.Sprintf("Roll %s back from %s to %s?", target, now.Revision, before.Revision)
	if err := runbook.Approve(ctx, text, in.Duration("approve_within")); err != nil {
		return err
	}
	call := &runbook.RollBack{Target: target, To: before.Revision, Expected: now.Revision}
	step := runbook.Step{Name: "roll back " + target, Do: call, Undo: call.Undo()}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	metric := runbook.Metric{Query: in.Text("check"), Below: in.Number("below"), Settle: in.Duration("settle")}
	health, err := runbook.Check(ctx, metric)
	if err != nil {
		return err
	}
	if health != runbook.Healthy {
		return fmt.Errorf("the metric is %s after the roll-back", health)
	}
	return nil
}
