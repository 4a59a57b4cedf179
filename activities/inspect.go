package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tocsinhq/tocsin/incident"
)

// RunStates says how the runs of runbooks stand.
type RunStates interface {
	// RunState answers for a run that the engine no longer knows as well.
	RunState(ctx context.Context, id string) (RunState, error)
	// EndRun ends a run where it stands, unless it goes on: then nothing is
	// changed. It answers as RunState does, and for one that was ended so with
	// the text given.
	EndRun(ctx context.Context, id, text string) (RunState, error)
}

// RunState is how a run stands for the engine, whatever it reported itself.
type RunState struct {
	Closed bool `json:"closed"`
	// State is one of the states of an incident.Run; Text says it in words.
	State string `json:"state"`
	Text  string `json:"text"`
	// Stuck says that it goes on for the engine, and that no worker does it.
	Stuck bool `json:"stuck,omitempty"`
	// Terminated says that somebody ended it from outside.
	Terminated bool `json:"terminated,omitempty"`
}

// RunRef names a run.
type RunRef struct {
	ID string `json:"id"`
}

// RunEnd is how a run ends that no worker does.
type RunEnd struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Inspector looks at runs that say nothing, and ends those that are given up. Its exported methods are
// activities.
type Inspector struct {
	Runs RunStates
}

// LookAtRun says how a run stands.
func (i *Inspector) LookAtRun(ctx context.Context, ref RunRef) (RunState, error) {
	state, err := i.Runs.RunState(ctx, ref.ID)
	if err != nil {
		return RunState{}, Fail(err)
	}
	return state, nil
}

// EndRun ends a run that no worker does, if that is still so, and says how it
// stands then.
func (i *Inspector) EndRun(ctx context.Context, end RunEnd) (RunState, error) {
	state, err := i.Runs.EndRun(ctx, end.ID, end.Text)
	if err != nil {
		return RunState{}, Fail(err)
	}
	return state, nil
}

// EndRun implements RunStates. What it holds of the target ends with the run,
// since that is a child of it.
func (t TemporalRuns) EndRun(ctx context.Context, id, text string) (RunState, error) {
	state, err := t.RunState(ctx, id)
	if err == nil && state.Stuck {
		state, err = t.terminate(ctx, id, text)
	}
	if err != nil || !state.Terminated {
		return state, err
	}
	return RunState{Closed: true, State: incident.RunCancelled, Text: text}, nil
}

// terminate ends a run, unless it has ended by itself just now, and says how it
// stands then.
func (t TemporalRuns) terminate(ctx context.Context, id, why string) (RunState, error) {
	err := t.Client.TerminateWorkflow(ctx, id, "", why)
	if _, over := errors.AsType[*serviceerror.NotFound](err); over {
		return t.RunState(ctx, id)
	}
	if err != nil {
		return RunState{}, incident.Errorf(incident.Unavailable, "end %s: %w", id, err)
	}
	return RunState{Closed: true, Terminated: true}, nil
}

// RunState implements RunStates by asking the engine.
func (t TemporalRuns) RunState(ctx context.Context, id string) (RunState, error) {
	answer, err := t.Client.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return RunState{Closed: true, State: incident.RunFailed, Text: "it is gone; nobody knows how it ended"}, nil
	}
	if err != nil {
		return RunState{}, incident.Errorf(incident.Unavailable, "look at %s: %w", id, err)
	}
	state := runState(answer.GetWorkflowExecutionInfo().GetStatus())
	if why := stuck(answer, time.Now()); why != "" && !state.Closed {
		state.Stuck, state.Text = true, why
	}
	return state, nil
}

// takenUpWithin is how long a worker that is there may take to begin.
const takenUpWithin = 30 * time.Second

// failsFrom is the attempt from which on a worker fails for good, as far as one
// can tell: one that died may have taken the first.
const failsFrom = 3

// stuck says why no worker does a run, or nothing.
func stuck(run *workflowservice.DescribeWorkflowExecutionResponse, now time.Time) string {
	task, queue := run.GetPendingWorkflowTask(), run.GetExecutionConfig().GetTaskQueue().GetName()
	switch {
	case task.GetAttempt() >= failsFrom:
		return fmt.Sprintf("a worker of the task queue %s takes it up and fails (attempt %d): does it know the runbook?", queue, task.GetAttempt())
	case task.GetState() == enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED && now.Sub(task.GetScheduledTime().AsTime()) > takenUpWithin:
		return fmt.Sprintf("no worker of the task queue %s takes it up: is one running?", queue)
	}
	return ""
}

// Holder implements Targets by asking the engine.
func (t TemporalRuns) Holder(ctx context.Context, id string) (run string, err error) {
	answer, err := t.Client.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return "", nil
	}
	if err != nil {
		return "", incident.Errorf(incident.Unavailable, "look at %s: %w", id, err)
	}
	info := answer.GetWorkflowExecutionInfo()
	if runState(info.GetStatus()).Closed {
		return "", nil
	}
	return info.GetParentExecution().GetWorkflowId(), nil
}

func runState(status enums.WorkflowExecutionStatus) RunState {
	switch status {
	case enums.WORKFLOW_EXECUTION_STATUS_RUNNING, enums.WORKFLOW_EXECUTION_STATUS_PAUSED,
		enums.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW:
		return RunState{State: incident.RunRunning}
	case enums.WORKFLOW_EXECUTION_STATUS_COMPLETED:
		return RunState{Closed: true, State: incident.RunDone, Text: "it ended, and its last report was lost"}
	case enums.WORKFLOW_EXECUTION_STATUS_CANCELED:
		return RunState{Closed: true, State: incident.RunCancelled, Text: "its last report was lost"}
	default:
		terminated := status == enums.WORKFLOW_EXECUTION_STATUS_TERMINATED
		return RunState{Closed: true, Terminated: terminated, State: incident.RunFailed, Text: fmt.Sprintf("its workflow ended as %q", status.String())}
	}
}
