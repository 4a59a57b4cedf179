package runbooktest

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// Number is the incident that plays are for, and Starter who starts them.
const (
	Number  = "INC-1"
	Starter = "alice"
)

// Play runs a runbook in the world of a script and returns the transcript: a
// line for each report, call that changes something and reading of the metric,
// led by minutes and seconds since the start.
//
//	00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
//	00:12 calls rollback payments r41 (expected r42)
func Play(t testing.TB, b runbook.Runbook, s Script) []string {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	script := newTranscript(env.Now)
	target := newTarget(s, script)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterActivity(&activities.Runbooks{Deployer: target, Metrics: &metric{script: script, samples: s.Samples}})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{
		ID:        incident.RunID(Number, b.Name, 1),
		TaskQueue: runbook.TaskQueue,
	})
	people := &people{env: env, script: script, answers: s.Answers, gone: s.Gone}
	env.OnSignalExternalWorkflow(mock.Anything, Number, "", runbook.ReportSignal, mock.Anything).Return(people.hear)
	for _, d := range s.Deploys {
		env.RegisterDelayedCallback(func() { target.deploy(d) }, d.After)
	}
	if s.Cancel > 0 {
		env.RegisterDelayedCallback(env.CancelWorkflow, s.Cancel)
	}
	env.ExecuteWorkflow(b.Name, runbook.Input{Incident: Number, Params: s.Params, DryRun: s.DryRun, By: Starter})
	if !env.IsWorkflowCompleted() {
		t.Fatalf("the runbook did not end:\n%s", script)
	}
	if err := env.GetWorkflowError(); err != nil && !temporal.IsApplicationError(err) && !temporal.IsCanceledError(err) {
		t.Fatalf("the runbook broke its run: %v\n%s", err, script)
	}
	return script.all()
}
