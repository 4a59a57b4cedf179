package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/taskqueue/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// described is an engine that says one thing of every run.
type described struct {
	client.Client
	status enums.WorkflowExecutionStatus
	parent string
	err    error
	// attempt and waits are those of its workflow task that is not done.
	attempt int32
	waits   time.Duration
	// ended takes why a run was ended, and denied is what is said to that.
	ended  *string
	denied error
	// then is how it stands after that.
	then enums.WorkflowExecutionStatus
}

func (d described) TerminateWorkflow(_ context.Context, _, _, reason string, _ ...any) error {
	*d.ended = reason
	return d.denied
}

func (d described) DescribeWorkflowExecution(context.Context, string, string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if d.ended != nil && *d.ended != "" {
		d.status, d.attempt = d.then, 0
	}
	var task *workflowpb.PendingWorkflowTaskInfo
	if d.attempt > 0 {
		task = &workflowpb.PendingWorkflowTaskInfo{
			State: enums.PENDING_WORKFLOW_TASK_STATE_SCHEDULED, Attempt: d.attempt, ScheduledTime: timestamppb.New(time.Now().Add(-d.waits)),
		}
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{
		PendingWorkflowTask: task, ExecutionConfig: &workflowpb.WorkflowExecutionConfig{TaskQueue: &taskqueue.TaskQueue{Name: "acme"}},
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
			Status: d.status, ParentExecution: &commonpb.WorkflowExecution{WorkflowId: d.parent},
		},
	}, d.err
}

func TestLookAtRun(t *testing.T) {
	for name, c := range map[string]struct {
		engine described
		closed bool
		state  string
	}{
		"running":    {described{status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING}, false, incident.RunRunning},
		"completed":  {described{status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED}, true, incident.RunDone},
		"cancelled":  {described{status: enums.WORKFLOW_EXECUTION_STATUS_CANCELED}, true, incident.RunCancelled},
		"terminated": {described{status: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED}, true, incident.RunFailed},
		"forgotten":  {described{err: serviceerror.NewNotFound("no such run")}, true, incident.RunFailed},
	} {
		t.Run(name, func(t *testing.T) {
			i := &activities.Inspector{Runs: activities.TemporalRuns{Client: c.engine}}
			got, err := i.LookAtRun(t.Context(), activities.RunRef{ID: "INC-1/runbook/rollback/1"})
			require.NoError(t, err)
			require.Equal(t, c.closed, got.Closed)
			require.Equal(t, c.state, got.State)
		})
	}
	i := &activities.Inspector{Runs: activities.TemporalRuns{Client: described{err: serviceerror.NewUnavailable("away")}}}
	_, err := i.LookAtRun(t.Context(), activities.RunRef{ID: "r"})
	require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)))
}

func TestARunThatNoWorkerDoesIsStuck(t *testing.T) {
	const running = enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	for want, engine := range map[string]described{
		"no worker of the task queue acme takes it up":    {status: running, attempt: 1, waits: time.Minute},
		"a worker of the task queue acme takes it up and": {status: running, attempt: 4},
		"": {status: running, attempt: 2, waits: time.Second},
	} {
		got, err := activities.TemporalRuns{Client: engine}.RunState(t.Context(), "INC-1/runbook/drain/1")
		require.NoError(t, err)
		require.Equal(t, want != "", got.Stuck)
		require.Contains(t, got.Text, want)
		require.False(t, got.Closed)
	}
	got, err := activities.TemporalRuns{Client: described{status: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, attempt: 1, waits: time.Hour}}.RunState(t.Context(), "r")
	require.NoError(t, err)
	require.False(t, got.Stuck, "it has ended")
}

func TestARunThatIsGivenUpIsEndedUnlessAWorkerDoesIt(t *testing.T) {
	const running, text = enums.WORKFLOW_EXECUTION_STATUS_RUNNING, "aborted by bob"
	ended := activities.RunState{Closed: true, State: incident.RunCancelled, Text: text}
	done := activities.RunState{Closed: true, State: incident.RunDone, Text: "it ended, and its last report was lost"}
	for name, c := range map[string]struct {
		engine described
		want   activities.RunState
		reason string
	}{
		"stuck": {described{status: running, attempt: 1, waits: time.Minute}, ended, text},
		"stuck, done meanwhile": {
			described{status: running, attempt: 4, denied: serviceerror.NewNotFound("completed"), then: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED},
			done, text,
		},
		"stuck, and ended by another": {
			described{status: running, attempt: 4, denied: serviceerror.NewNotFound("completed"), then: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED},
			ended, text,
		},
		"ended by an earlier try": {described{status: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED}, ended, ""},
		"goes on":                 {described{status: running}, activities.RunState{State: incident.RunRunning}, ""},
		"done":                    {described{status: enums.WORKFLOW_EXECUTION_STATUS_COMPLETED}, done, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var reason string
			c.engine.ended = &reason
			i := &activities.Inspector{Runs: activities.TemporalRuns{Client: c.engine}}
			got, err := i.EndRun(t.Context(), activities.RunEnd{ID: "INC-1/runbook/drain/1", Text: text})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.reason, reason)
		})
	}
	var reason string
	for _, engine := range []described{
		{err: serviceerror.NewUnavailable("away")},
		{status: running, attempt: 4, denied: serviceerror.NewUnavailable("away"), ended: &reason},
	} {
		i := &activities.Inspector{Runs: activities.TemporalRuns{Client: engine}}
		_, err := i.EndRun(t.Context(), activities.RunEnd{ID: "INC-1/runbook/drain/1", Text: text})
		require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)))
	}
}

func TestWhoChangesATarget(t *testing.T) {
	const run = "INC-1/runbook/rollback/1"
	for name, c := range map[string]struct {
		engine described
		want   string
	}{
		"a run":              {described{status: enums.WORKFLOW_EXECUTION_STATUS_RUNNING, parent: run}, run},
		"one that has ended": {described{status: enums.WORKFLOW_EXECUTION_STATUS_TERMINATED, parent: run}, ""},
		"nobody":             {described{err: serviceerror.NewNotFound("no such workflow")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := &activities.Runbooks{Targets: activities.TemporalRuns{Client: c.engine}}
			got, err := a.Holder(t.Context(), activities.HeldTarget{Target: "deploy/payments"})
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
	a := &activities.Runbooks{Targets: activities.TemporalRuns{Client: described{err: serviceerror.NewUnavailable("away")}}}
	_, err := a.Holder(t.Context(), activities.HeldTarget{Target: "deploy/payments"})
	require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)))
}

// keys is a journal in which somebody else may hold the key.
type keys struct {
	holder string
	err    error
}

func (k keys) Record(context.Context, activities.Batch) error { return k.err }

func (k keys) Adopt(context.Context, string, string, string, time.Time) (string, error) {
	return k.holder, k.err
}

func TestRecorderSaysWhoHoldsTheKey(t *testing.T) {
	r := &activities.Recorder{Journal: keys{holder: "INC-7"}}
	holder, err := r.Adopt(t.Context(), activities.KeyClaim{Number: "INC-x1", Service: "payments", Key: "k"})
	require.NoError(t, err)
	require.Equal(t, "INC-7", holder)

	r.Journal = keys{err: errAway}
	_, err = r.Adopt(t.Context(), activities.KeyClaim{})
	require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(err)))
	require.Equal(t, incident.Unavailable, incident.KindOf(activities.Known(r.Record(t.Context(), activities.Batch{Number: "INC-1"}))))
}
