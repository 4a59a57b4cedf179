package runbooktest

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
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

// stuckAfter is how long nothing may happen, by the real clock: activities may
// be at work on a real system.
const stuckAfter = time.Minute

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
	env.SetTestTimeout(stuckAfter)
	// A busy machine may hold a runbook's own code up for seconds.
	env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: stuckAfter})
	script := newTranscript(env.Now)
	target := newTarget(s, script)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterActivity(&activities.Runbooks{Deployer: target, Metrics: &metric{script: script, samples: s.Samples}, Targets: s.Held})
	env.RegisterActivity(&activities.Recorder{Outputs: outputs{script, s.Full}})
	if s.Activities != nil {
		for _, more := range s.Activities(script.add) {
			env.RegisterActivity(more)
		}
	}
	hold(env, script, s.Held)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{
		ID:        incident.RunID(Number, b.Name, 1),
		TaskQueue: runbook.TaskQueue,
	})
	people := &people{env: env, script: script, answers: s.Answers, gone: s.Gone, others: s.Others}
	env.OnSignalExternalWorkflow(mock.Anything, Number, "", runbook.ReportSignal, mock.Anything).Return(people.hear)
	for _, d := range s.Deploys {
		env.RegisterDelayedCallback(func() { target.deploy(d) }, d.After)
	}
	for _, c := range s.Controls {
		env.RegisterDelayedCallback(func() { env.SignalWorkflow(runbook.ControlSignal, c.Control) }, c.After)
	}
	if s.Cancel > 0 {
		env.RegisterDelayedCallback(env.CancelWorkflow, s.Cancel)
	}
	s.Facts.Incident = Number
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: s.Facts, Given: s.Params, Offered: s.Offered, DryRun: s.DryRun, By: Starter, BreakGlass: s.BreakGlass, Prompt: true})
	if !env.IsWorkflowCompleted() {
		t.Fatalf("the runbook did not end:\n%s", script)
	}
	if err := env.GetWorkflowError(); err != nil && !temporal.IsApplicationError(err) && !temporal.IsCanceledError(err) {
		t.Fatalf("the runbook broke its run: %v\n%s", err, script)
	}
	return script.all()
}

// hold has the targets of a script be held, by runs that hear what they are
// told.
func hold(env *testsuite.TestWorkflowEnvironment, script *transcript, held Held) {
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	if len(held) > 0 {
		env.OnWorkflow(runbook.HoldType, mock.Anything, mock.Anything).Return(testsuite.ErrMockStartChildWorkflowFailed)
	}
	for _, run := range held {
		env.OnSignalExternalWorkflow(mock.Anything, run, "", runbook.ControlSignal, mock.Anything).Return(
			func(_, run, _, _ string, payload any) error {
				c, _ := payload.(runbook.Control)
				script.add("tells %s: %s %s", run, c.Do, c)
				return nil
			})
	}
}
