package activities

import (
	"context"
	"errors"
	"fmt"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/tocsinhq/tocsin/incident"
)

// RunStates says how the runs of runbooks stand.
type RunStates interface {
	// RunState answers for a run that the engine no longer knows as well.
	RunState(ctx context.Context, id string) (RunState, error)
}

// RunState is how a run stands for the engine, whatever it reported itself.
type RunState struct {
	Closed bool `json:"closed"`
	// State is one of the states of an incident.Run; Text says it in words.
	State string `json:"state"`
	Text  string `json:"text"`
}

// RunRef names a run.
type RunRef struct {
	ID string `json:"id"`
}

// Inspector looks at runs that say nothing. Its exported methods are
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

// RunState implements RunStates by asking the engine.
func (t TemporalRuns) RunState(ctx context.Context, id string) (RunState, error) {
	answer, err := t.Client.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return RunState{Closed: true, State: incident.RunFailed, Text: "it is gone; nobody knows how it ended"}, nil
	}
	if err != nil {
		return RunState{}, incident.Errorf(incident.Unavailable, "look at %s: %w", id, err)
	}
	return runState(answer.GetWorkflowExecutionInfo().GetStatus()), nil
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
		return RunState{Closed: true, State: incident.RunFailed, Text: fmt.Sprintf("its workflow ended as %q", status.String())}
	}
}
