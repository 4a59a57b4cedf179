package githubactions

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Dispatch dispatches a workflow and follows its run to the end.
func Dispatch() runbook.Runbook {
	return runbook.New(dispatch, runbook.Spec{
		Name:     "github-actions-dispatch",
		About:    "Dispatches a workflow of GitHub Actions, of those that the systems file has, and follows its run to the end.",
		Fits:     "What helps is a workflow of a repository already: roll back, redeploy, rotate, rebuild.",
		Target:   "github/{repository}/{workflow}",
		Approval: &runbook.Approval{},
	})
}

// DispatchParams are the parameters of github-actions-dispatch.
type DispatchParams struct {
	Repository runbook.Name  `about:"the repository, as the systems file names it"`
	Workflow   runbook.Name  `about:"the workflow, as the systems file names it"`
	Values     string        `about:"its inputs, as a JSON object: {\"version\": \"1.4.2\"}" optional:"true"`
	Within     time.Duration `about:"how long its run may take" default:"30m"`
}

func dispatch(ctx workflow.Context, p DispatchParams) error {
	plan, err := Planned(ctx, string(p.Repository), systems.WorkflowRequest{Workflow: string(p.Workflow), Values: p.Values})
	if err != nil {
		return err
	}
	if err := runbook.Do(ctx, plan.Step()); err != nil {
		return err
	}
	if plan.key != "" && plan.Run.ID == 0 && !plan.Planned.Keyed {
		return incident.Errorf(incident.Permanent, "it was dispatched, and nobody can tell which run it became: give the workflow a key_input in the systems file")
	}
	if err := runbook.Await(ctx, runbook.Expect(followed{plan}, systems.WorkflowCompleted), p.Within); err != nil {
		return err
	}
	return plan.outcome(ctx)
}
