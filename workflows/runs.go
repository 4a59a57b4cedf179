package workflows

import (
	"cmp"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// runRunbooks starts the runs that people asked for, tells them the answers to
// their questions, and cancels them when the incident is called off. Runs
// outlive a run of the incident: they are abandoned children that report by
// signals.
func (r *response) runRunbooks(ctx workflow.Context) {
	for !r.leaving {
		if workflow.Await(ctx, func() bool { return r.stopping() || r.toStart() != nil || r.toTell() != nil }) != nil || r.stopping() {
			return
		}
		if run := r.toStart(); run != nil {
			r.startRun(ctx, *run)
		}
		if q := r.toTell(); q != nil {
			r.tell(ctx, *q)
		}
	}
}

// toStart returns a run that was asked for and has not begun.
func (r *response) toStart() *incident.Run {
	for n := range r.inc.Runs {
		if _, begun := r.state.Runs[r.inc.Runs[n].ID]; !begun {
			return &r.inc.Runs[n]
		}
	}
	return nil
}

func (r *response) startRun(ctx workflow.Context, run incident.Run) {
	r.state.Runs[run.ID] = 0
	childCtx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: run.ID, TaskQueue: Runbooks, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		StaticSummary:         cut(run.Name+" by "+run.By, maxSummary),
	})
	input := runbook.Input{Incident: r.inc.Number, Params: run.Params, DryRun: run.DryRun, By: run.By}
	future := workflow.ExecuteChildWorkflow(childCtx, run.Name, input)
	var execution workflow.Execution
	if err := future.GetChildWorkflowExecution().Get(ctx, &execution); err != nil && !isAlreadyStarted(err) {
		r.inc.RunEnded(run.ID, incident.RunFailed, "it could not be started", workflow.Now(ctx))
	}
}

// toTell returns a question whose answer its run has not been told.
func (r *response) toTell() *incident.Question {
	for n := range r.inc.Questions {
		if q := &r.inc.Questions[n]; q.Answer != "" && !r.state.Told[q.ID] {
			return q
		}
	}
	return nil
}

func (r *response) tell(ctx workflow.Context, q incident.Question) {
	r.state.Told[q.ID] = true
	answer := runbook.Answer{Question: q.ID, Choice: q.Answer, By: q.By}
	err := workflow.SignalExternalWorkflow(ctx, q.Run, "", runbook.AnswerSignal, answer).Get(ctx, nil)
	if err != nil {
		r.inc.RunEnded(q.Run, incident.RunFailed, "it is gone and cannot be told the answer", workflow.Now(ctx))
	}
}

// takeReport applies what a run says. Repeats are dropped by their ordinal.
func (r *response) takeReport(ctx workflow.Context, rep runbook.Report) {
	if last, known := r.state.Runs[rep.Run]; known && rep.Ordinal <= last {
		return
	}
	r.state.Runs[rep.Run] = rep.Ordinal
	now := workflow.Now(ctx)
	switch rep.Kind {
	case runbook.Asked:
		r.inc.RunAsked(incident.Question{
			ID: rep.Question.ID, Run: rep.Run, Approval: rep.Question.Approval, Text: rep.Question.Text,
			Choices: rep.Question.Choices, Asked: rep.At, Until: rep.Question.Until,
		}, now)
	case runbook.Expired:
		r.inc.Expired(rep.Question.ID, now)
	case runbook.Ended:
		r.inc.RunEnded(rep.Run, cmp.Or(rep.State, incident.RunDone), rep.Text, now)
	case runbook.Started, runbook.Stepped, runbook.Noted, runbook.Answered:
		r.inc.RunNoted(rep.Run, rep.Text, now)
	}
}

// cancelRuns asks every run that has not ended to stop.
func (r *response) cancelRuns(ctx workflow.Context) {
	for _, run := range r.inc.Runs {
		if run.Ended.IsZero() {
			_ = workflow.RequestCancelExternalWorkflow(ctx, run.ID, "").Get(ctx, nil) // gone is as good as cancelled
		}
	}
}
