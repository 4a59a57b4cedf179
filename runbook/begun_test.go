package runbook_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

// Nothing can stop what computes without a verb; but the engine tries its task
// again and again, in a process that may page people too.
func TestALoopWithoutAVerbTakesOneProcessorAtMost(t *testing.T) {
	begun, ended, left := make(chan bool, 1), make(chan bool), make(chan bool)
	b := flips(func(workflow.Context, none) error {
		begun <- true
		<-ended
		return nil
	})
	at := time.Now()
	try := func() error {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetStartTime(at) // it is the same run
		env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
		env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
		env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
		env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(nil)
		env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
		return env.GetWorkflowError()
	}
	go func() {
		defer close(left)
		_ = try()
	}()
	<-begun
	require.ErrorContains(t, try(), "an earlier try of this run computes without end")
	close(ended)
	<-left
	require.NoError(t, try(), "what has ended can be tried")
}

// A branch is the author's code as well.
func TestALoopInABranchTakesOneProcessorAtMost(t *testing.T) {
	var spinning atomic.Int32
	stop := make(chan bool)
	t.Cleanup(func() { close(stop) })
	b := flips(func(ctx workflow.Context, _ none) error {
		return runbook.Parallel(ctx, func(workflow.Context) error {
			spinning.Add(1)
			for {
				select {
				case <-stop:
					return nil
				default:
					runtime.Gosched()
				}
			}
		})
	})
	at := time.Now()
	for range 3 {
		var suite testsuite.WorkflowTestSuite
		env := suite.NewTestWorkflowEnvironment()
		env.SetStartTime(at) // it is the same run
		env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: 300 * time.Millisecond})
		env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
		env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
		env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(nil)
		env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	}
	require.EqualValues(t, 1, spinning.Load())
}
