package runbooks

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

func rollback() runbook.Runbook {
	return runbook.New(Rollback, runbook.Spec{
		Name:     "rollback",
		About:    "Takes a deploy target back to the revision that ran before, and checks that it helped, where a query tells.",
		Fits:     "A deployment is the likely cause.",
		Target:   "deploy/{target}",
		Approval: &runbook.Approval{},
	})
}

// RollbackParams are the parameters of Rollback.
type RollbackParams struct {
	Target        runbook.Name  `about:"the deploy target" from:"service"`
	Check         string        `about:"the instant query that tells whether it helped; nothing is checked without" optional:"true"`
	Below         float64       `about:"what the query must stay below" default:"0.05"`
	Settle        time.Duration `about:"how long the check takes" default:"2m"`
	ApproveWithin time.Duration `about:"how long an approval is waited for" default:"15m"`
}

// Rollback takes a deploy target back to the revision that ran before, once a
// person approved it. When the metric is not healthy afterwards, it stops and
// offers to go forward again.
func Rollback(ctx workflow.Context, p RollbackParams) error {
	target := string(p.Target)
	now, err := runbook.Deployed(ctx, target)
	if err != nil {
		return err
	}
	if len(now.Previous) == 0 {
		return fmt.Errorf("%w: nothing ran at %s before %s", runbook.ErrRefused, target, now.Revision)
	}
	before := now.Previous[0]
	runbook.Note(ctx, "%s runs %s (%s); before it ran %s (%s)", target, now.Revision, now.Version, before.Revision, before.Version)

	call := &runbook.RollBack{Target: target, To: before.Revision, Expected: now.Revision}
	gate := runbook.Gate{
		Text:  fmt.Sprintf("Roll %s back from %s to %s?", target, now.Revision, before.Revision),
		Steps: []runbook.Step{call.Step()}, Within: p.ApproveWithin,
	}
	if err := runbook.Approve(ctx, gate); err != nil {
		return err
	}
	if err := runbook.Do(ctx, call.Step()); err != nil {
		return err
	}
	if p.Check == "" {
		runbook.Note(ctx, "no query tells whether that helps: look yourself")
		return nil
	}
	health, err := runbook.Check(ctx, runbook.Metric{Query: p.Check, Below: p.Below, Settle: p.Settle})
	if err != nil {
		return err
	}
	if health != runbook.Healthy {
		return fmt.Errorf("the metric is %s after the roll-back", health)
	}
	return nil
}
