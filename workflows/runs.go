package workflows

import (
	"cmp"
	"errors"
	"slices"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// runRunbooks starts the runs that people asked for and tells them the answers
// to their questions. Runs outlive a run of the incident: they are abandoned
// children that report by signals.
func (r *response) runRunbooks(ctx workflow.Context) {
	for !r.stopping() {
		wake := func() bool {
			return r.stopping() || r.toStart() != nil || r.toTell() != nil || r.toControl() != nil || r.inc.ToTellEnd() != nil
		}
		if workflow.Await(ctx, wake) != nil || r.stopping() {
			return
		}
		switch {
		case r.toStart() != nil:
			r.startRun(ctx, *r.toStart())
		case r.toTell() != nil:
			r.tell(ctx, *r.toTell())
		case r.toControl() != nil:
			r.control(ctx, *r.toControl())
		default:
			r.tellEnd(ctx, *r.inc.ToTellEnd())
		}
	}
}

// signalRun tells a run something. A run of the incident is not left meanwhile,
// which takes the engine a moment: the next one would tell it again, and to skip
// twice is something else than once.
func (r *response) signalRun(ctx workflow.Context, run, signal string, told any) error {
	defer r.effect()()
	r.telling++
	err := workflow.SignalExternalWorkflow(ctx, run, "", signal, told).Get(ctx, nil)
	r.telling--
	return err
}

// tellEnd tells a run how another ended that it had asked for.
func (r *response) tellEnd(ctx workflow.Context, run incident.Run) {
	end := runbook.End{ID: run.Ask, State: run.State, Text: run.Outcome}
	err := r.signalRun(ctx, run.Parent, runbook.EndSignal, end)
	r.inc.EndTold(run.ID)
	r.lookSoon(ctx, run.Parent, err)
}

// toStart returns a run that was asked for and has not begun.
func (r *response) toStart() *incident.Run {
	for n := range r.inc.Runs {
		run := &r.inc.Runs[n]
		if _, begun := r.state.Runs[run.ID]; !begun && run.Ended.IsZero() && !r.inc.Phase.Over() {
			return run
		}
	}
	return nil
}

func (r *response) startRun(ctx workflow.Context, run incident.Run) {
	defer r.effect()()
	queue, err := r.queueOf(ctx, run.Name)
	if err != nil {
		now := workflow.Now(ctx)
		r.heardOf(run.ID, 0, now)
		r.inc.RunEnded(run.ID, incident.RunFailed, "it could not be started: "+unserved(err), now)
		return
	}
	if r.inc.Phase.Over() || r.state.Starting != run.ID && r.inc.AbortUnbegun(run.ID, workflow.Now(ctx)) {
		return // meanwhile
	}
	r.state.Starting = run.ID
	childCtx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: run.ID, TaskQueue: queue, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON,
		WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		StaticSummary:         incident.CutBytes(run.Name+" by "+run.By, maxSummary),
	})
	input := runbook.Input{Facts: spec.FactsOf(r.inc), Given: run.Params, Offered: r.inc.Offered(run.Name), DryRun: run.DryRun, BreakGlass: run.BreakGlass, By: run.By}
	future := workflow.ExecuteChildWorkflow(childCtx, run.Name, input)
	err = future.GetChildWorkflowExecution().Get(ctx, nil)
	now := workflow.Now(ctx)
	r.heardOf(run.ID, r.state.Runs[run.ID].Ordinal, now)
	if err != nil && !isAlreadyStarted(err) {
		r.inc.RunEnded(run.ID, incident.RunFailed, "it could not be started", now)
	}
}

// queueOf looks up on which task queue a run is done: that of the runbooks that
// come with Tocsin, which are known in every process, or that of the worker that
// announced it. It is not asked for long, since other runs wait meanwhile.
func (r *response) queueOf(ctx workflow.Context, name string) (queue string, err error) {
	what, ask := "who runs "+name+"?", activities.RunbookName{Name: name}
	err = workflow.ExecuteLocalActivity(locally(ctx, lookUpLimit, what), recorder.QueueOf, ask).Get(ctx, &queue)
	if unanswered(err) {
		err = workflow.ExecuteActivity(asking(ctx, 20*time.Second, what), recorder.QueueOf, ask).Get(ctx, &queue)
	}
	return queue, activities.Known(err)
}

// unanswered reports whether a question that was asked within the present task,
// where it costs one event, is to be asked for longer.
func unanswered(err error) bool {
	return err != nil && incident.KindOf(activities.Known(err)) != incident.NotFound
}

// unserved says why nobody is asked to run something.
func unserved(err error) string {
	if incident.KindOf(err) == incident.NotFound {
		return err.Error()
	}
	return "nobody could say which worker serves it; try again"
}

func isAlreadyStarted(err error) bool {
	_, ok := errors.AsType[*temporal.ChildWorkflowExecutionAlreadyStartedError](err)
	return ok
}

func (r *response) heardOf(run string, ordinal int, at time.Time) {
	r.state.Runs[run] = progress{Ordinal: ordinal, Heard: at}
}

// toTell returns a question whose answer its run has not been told.
func (r *response) toTell() *incident.Question {
	for n := range r.inc.Questions {
		if q := &r.inc.Questions[n]; q.ToTell() {
			return q
		}
	}
	return nil
}

// tell passes an answer on.
func (r *response) tell(ctx workflow.Context, q incident.Question) {
	answer := runbook.Answer{Question: q.ID, Choice: q.Answer, By: q.By, Reason: q.Reason}
	err := r.signalRun(ctx, q.Run, runbook.AnswerSignal, answer)
	r.inc.AnswerTold(q.ID)
	r.lookSoon(ctx, q.Run, err)
}

// toControl returns a run that has begun and was not told what people have it
// do.
func (r *response) toControl() *incident.Run {
	for n := range r.inc.Runs {
		run := &r.inc.Runs[n]
		if _, begun := r.state.Runs[run.ID]; begun && len(run.Controls) > 0 {
			return run
		}
	}
	return nil
}

// control passes on what somebody has a run do. A run that cannot hear it any
// more is looked at.
func (r *response) control(ctx workflow.Context, run incident.Run) {
	c := run.Controls[0]
	order := runbook.Control{Do: runbook.Verb(c.Do), By: c.By, Reason: c.Reason}
	err := r.signalRun(ctx, run.ID, runbook.ControlSignal, order)
	r.inc.Controlled(run.ID)
	r.lookSoon(ctx, run.ID, err)
	if c.Do == incident.AbortRun {
		r.lookAfter(ctx, run)
	}
}

// lookAfter has a run looked at that is to be aborted: one that is stuck does not
// hear it.
func (r *response) lookAfter(ctx workflow.Context, run incident.Run) {
	if run.Stuck {
		r.lookWithin(ctx, run.ID, 0)
		return
	}
	r.lookWithin(ctx, run.ID, unbegunAfter)
}

// lookSoon has a run that could not be told something looked at: it may have
// ended by itself meanwhile.
func (r *response) lookSoon(ctx workflow.Context, run string, err error) {
	if err != nil {
		r.lookWithin(ctx, run, 0)
	}
}

// lookWithin has a run that says nothing looked at within some time.
func (r *response) lookWithin(ctx workflow.Context, run string, wait time.Duration) {
	p := r.state.Runs[run]
	if heard := workflow.Now(ctx).Add(wait - p.quietFor()); r.runs(run) && heard.Before(p.Heard) {
		p.Heard = heard
		r.state.Runs[run] = p
	}
}

// takeReport applies what a run says. Repeats are dropped by their ordinal.
func (r *response) takeReport(rep runbook.Report, now time.Time) {
	if rep.Ordinal <= r.state.Runs[rep.Run].Ordinal || !r.runs(rep.Run) {
		return
	}
	r.heardOf(rep.Run, rep.Ordinal, now)
	if rep.Kind != runbook.Ended && !r.inc.Hears(rep.Run, vital(rep.Kind), now) {
		return
	}
	question := cmp.Or(rep.Question, &runbook.Question{})
	switch rep.Kind {
	case runbook.Asked:
		r.inc.RunAsked(incident.Question{
			ID: question.ID, Run: rep.Run, Approval: question.Approval, Standings: question.Who.By, Team: question.Who.Team,
			People: question.Who.People, Calls: question.Calls, Covers: question.Covers, Text: question.Text,
			Choices: question.Choices, Asked: rep.At, Until: question.Until,
		}, now)
	case runbook.Expired:
		r.inc.Expired(question.ID, now)
	case runbook.Ended:
		r.inc.RunEnded(rep.Run, cmp.Or(rep.State, incident.RunDone), rep.Text, now)
	case runbook.Started:
		r.inc.RunBegan(rep.Run, rep.Target, rep.Text, rep.At, now)
	case runbook.Paged:
		if rep.Page != nil {
			r.inc.RunPages(rep.Run, *rep.Page, rep.Text, rep.At, now)
		}
	case runbook.Ticketed:
		if t := rep.Task; t != nil {
			r.inc.RunAddsFollowUp(rep.Run, incident.AddFollowUp{Title: t.Title, Owner: t.Owner, Priority: t.Priority, Due: due(t.Within, now)}, now)
		}
	case runbook.Degraded:
		if h := rep.Hatch; h != nil {
			r.inc.OpenHatch(rep.Run, incident.Hatch{ID: h.ID, What: h.What, Expires: now.Add(h.For)}, now)
		}
	case runbook.Restored:
		if rep.Hatch != nil {
			r.inc.RestoreHatch(rep.Run, rep.Hatch.ID, now)
		}
	case runbook.Called:
		if o := rep.Call; o != nil {
			r.inc.RunCalls(rep.Run, o.ID, o.Name, o.Params, now) //workflowcheck:ignore
		}
	case runbook.Brought:
		r.inc.RunBrought(rep.Run, rep.Text, rep.At, now)
	case runbook.Stepped, runbook.Noted, runbook.Answered:
		r.inc.RunNoted(rep.Run, rep.Text, rep.At, now)
	}
}

// vital reports whether people must know of a report, however much its run has
// said before.
func vital(kind runbook.Kind) bool {
	return slices.Contains([]runbook.Kind{runbook.Asked, runbook.Expired, runbook.Degraded, runbook.Restored}, kind)
}

// due is when what may take some time is to be done; zero leaves it to the
// policy.
func due(within time.Duration, now time.Time) time.Time {
	if within <= 0 {
		return time.Time{}
	}
	return now.Add(within)
}

// runs reports whether this is a run of this incident that has not ended.
func (r *response) runs(id string) bool {
	for _, run := range r.inc.Runs {
		if run.ID == id {
			return run.Ended.IsZero()
		}
	}
	return false
}

// cancelRuns asks every run that has not ended to stop: the incident is over, and
// hears no more of it.
func (r *response) cancelRuns(ctx workflow.Context) {
	for _, run := range slices.Clone(r.inc.Runs) {
		if !run.Ended.IsZero() {
			continue
		}
		if _, begun := r.state.Runs[run.ID]; begun {
			_ = workflow.RequestCancelExternalWorkflow(ctx, run.ID, "").Get(ctx, nil) // gone is as good as cancelled
		}
		r.inc.CutOff(run.ID, workflow.Now(ctx))
	}
}
