// Package githubactions holds the runbook that dispatches workflows of GitHub
// Actions, and the call and the readings that it is made of.
package githubactions

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Plan is a workflow of a named repository, as the systems file has it
// dispatched: a call, once it was read.
type Plan struct {
	Repository string
	systems.WorkflowRequest
	// Planned is what the file says.
	Planned systems.WorkflowPlan
	// Run is what is known of the run that it became.
	Run systems.WorkflowRun

	// key is that of the call once it was made, and since when that was.
	key   string
	since time.Time
}

// Planned reads what the systems file says of a workflow, which is dispatched by
// nothing here. It is read on a dry run too.
func Planned(ctx workflow.Context, repository string, r systems.WorkflowRequest) (*Plan, error) {
	p := &Plan{Repository: repository, WorkflowRequest: r}
	_, err := runbook.Look(ctx, planOf{p})
	return p, err
}

func (p *Plan) name() string { return p.Workflow + " of " + p.Repository }

func (p *Plan) order() activities.DispatchOrder {
	return activities.DispatchOrder{System: p.Repository, Request: p.WorkflowRequest, Key: p.key, Since: p.since, Run: p.Run.ID}
}

type planOf struct{ *Plan }

func (p planOf) String() string { return "what the systems file says of " + p.name() }

func (p planOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.GitHub
	err := workflow.ExecuteActivity(ctx, a.PlanDispatch, p.order()).Get(ctx, &p.Planned)
	return p.Planned.Line, activities.Known(err)
}

// String is the exact dispatch.
func (p *Plan) String() string {
	return fmt.Sprintf("%s (plan %s)", strings.Join(append([]string{p.Planned.Line}, p.Planned.Inputs...), "; "), p.Planned.Covers)
}

// Make dispatches the workflow, provided that the systems file still says the
// same, and does not wait for its run.
func (p *Plan) Make(ctx workflow.Context, key string) error {
	var a *activities.GitHub
	order := p.order()
	order.Again = p.key != ""
	if !order.Again {
		p.key, p.since = key, workflow.Now(ctx)
	}
	order.Key, order.Since, order.Covers = p.key, p.since, p.Planned.Covers
	err := workflow.ExecuteActivity(ctx, a.DispatchWorkflow, order).Get(ctx, &p.Run)
	return activities.Known(err)
}

// Step is the dispatch as a step, which nothing undoes. Where runs show their
// key, its activity dispatches once and then looks for the run; elsewhere it is
// made once.
func (p *Plan) Step() runbook.Step {
	c := runbook.Change{Call: p, Repeat: runbook.OnceThenAsk, Expects: []runbook.Expectation{runbook.Expect(state{p}, "active")}}
	if p.Planned.Keyed {
		c.Repeat = runbook.ByKey
	}
	return runbook.Step{Name: "dispatch " + p.name(), Change: c}
}

// state is the reading of whether a workflow is active.
type state struct{ *Plan }

func (s state) String() string { return s.Workflow + " of " + s.Repository }

func (s state) Read(ctx workflow.Context) (found string, err error) {
	var a *activities.GitHub
	err = workflow.ExecuteActivity(ctx, a.WorkflowState, s.order()).Get(ctx, &found)
	return found, activities.Known(err)
}

// followed is the reading of how the run of a dispatch stands.
type followed struct{ *Plan }

func (f followed) String() string { return "the run of " + f.name() }

func (f followed) Read(ctx workflow.Context) (string, error) {
	if f.key == "" { // somebody skipped the dispatch: there is no run to wait for
		return systems.WorkflowCompleted, nil
	}
	var a *activities.GitHub
	var now systems.WorkflowRun
	err := workflow.ExecuteActivity(ctx, a.WorkflowRun, f.order()).Get(ctx, &now)
	if err != nil {
		return "", activities.Known(err)
	}
	f.Run = now
	return cmp.Or(now.State, "unseen"), nil
}

// failures is the reading of which jobs of a run did not end well.
type failures struct {
	*Plan
	got []systems.WorkflowJob
}

func (f *failures) String() string { return "the jobs of " + f.name() }

func (f *failures) Read(ctx workflow.Context) (string, error) {
	var a *activities.GitHub
	f.got = nil
	err := workflow.ExecuteActivity(ctx, a.FailedJobs, f.order()).Get(ctx, &f.got)
	lines := make([]string, len(f.got))
	for n, job := range f.got {
		lines[n] = job.Name + ": " + job.Conclusion
		if job.Step != "" {
			lines[n] += ", at the step " + job.Step
		}
	}
	return strings.Join(lines, "\n"), activities.Known(err)
}

// outcome says how the run of a dispatch ended: an error, unless it succeeded.
func (p *Plan) outcome(ctx workflow.Context) error {
	if p.Run.State != systems.WorkflowCompleted {
		return nil // a dry run, or somebody skipped it
	}
	run := fmt.Sprintf("run %d of %s", p.Run.Number, p.name())
	if p.Run.Conclusion == "success" {
		runbook.Note(ctx, "%s succeeded", run)
		return nil
	}
	failed := &failures{Plan: p}
	lines, err := runbook.Look(ctx, failed)
	if err == nil && lines != "" {
		err = runbook.Output(ctx, "failed jobs of "+run, lines)
	}
	if err != nil {
		runbook.Note(ctx, "which jobs of %s failed cannot be said: %s", run, err)
	}
	return incident.Errorf(incident.Permanent, "%s ended with %s%s", run, cmp.Or(p.Run.Conclusion, "no conclusion"), named(failed.got))
}

// named are the first jobs that failed, by name.
func named(jobs []systems.WorkflowJob) string {
	const most = 3
	if len(jobs) == 0 {
		return ""
	}
	var names []string
	for _, j := range jobs[:min(len(jobs), most)] {
		names = append(names, j.Name)
	}
	if more := len(jobs) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return ": " + strings.Join(names, ", ")
}
