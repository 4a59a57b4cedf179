package runbook_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

func TestOneRunChangesATargetAtATime(t *testing.T) {
	held := runbooktest.Held{"lamps": "INC-3/runbook/flips/1"}
	for name, test := range map[string]struct {
		b      runbook.Runbook
		script runbooktest.Script
		want   string
	}{
		"held": {flips(doing(step("a"))), runbooktest.Script{Held: held}, `
00:00 ended refused: lamps is being changed by INC-3/runbook/flips/1 until that ends; who must not wait gives a reason to break the glass
`},
		"held, and the glass is broken": {flips(doing(step("a"))), runbooktest.Script{Held: held, BreakGlass: "bob is asleep"}, `
00:00 note alice breaks the glass (bob is asleep): lamps is being changed by INC-3/runbook/flips/1 too
00:00 tells INC-3/runbook/flips/1: warn by alice (INC-1/runbook/flips/1 changes lamps too: bob is asleep)
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 ended done: a
`},
		"let go, and not to be had": {flips(doing(step("a"))), runbooktest.Script{Held: runbooktest.Held{"lamps": ""}}, `
00:05 ended failed: lamps cannot be taken: try again
`},
		"one of two is held": {runbook.New(doing(step("a")), runbook.Spec{Name: "flips", Target: "switch lamps"}), runbooktest.Script{Held: held}, `
00:00 ended refused: lamps is being changed by INC-3/runbook/flips/1 until that ends; who must not wait gives a reason to break the glass
`},
		"too long a name": {runbook.New(doing(step("a")), runbook.Spec{Name: "flips", Target: strings.Repeat("x", 501)}), runbooktest.Script{}, `
00:00 ended failed: the name of its target is longer than 500 bytes
`},
		"a dry run needs nothing": {flips(doing(step("a"))), runbooktest.Script{Held: held, DryRun: true}, `
00:00 note would call: flip a; undone by: flip a back
00:00 ended done: dry run: nothing was changed
`},
		"a diagnostic needs nothing": {runbook.New(doing(), runbook.Spec{Name: "flips"}), runbooktest.Script{Held: held}, `
00:00 ended done
`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, lines(test.want), runbooktest.Play(t, test.b, test.script)[1:])
		})
	}
}

func TestARunSaysThatTheGlassWasBroken(t *testing.T) {
	got := runbooktest.Play(t, flips(slowly), runbooktest.Script{Controls: []runbooktest.Control{
		has(0, "warn", "INC-9/runbook/flips/1 changes lamps too: bob is asleep"),
	}})
	require.Contains(t, got, "00:00 note the glass was broken by bob (INC-9/runbook/flips/1 changes lamps too: bob is asleep)")
}

func TestWhoBreaksTheGlassHoldsTheTargetOnceItIsLetGo(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(slowly)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.RegisterActivity(&activities.Runbooks{Targets: runbooktest.Held{"lamps": "INC-3/runbook/flips/1"}})
	env.OnWorkflow(runbook.HoldType, mock.Anything, mock.Anything).Return(testsuite.ErrMockStartChildWorkflowFailed).Times(4)
	held := ""
	env.OnWorkflow(runbook.HoldType, mock.Anything, mock.Anything).Return(func(ctx workflow.Context, run string) error {
		held = run
		return workflow.Await(ctx, func() bool { return false })
	})
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(nil)
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "INC-7/runbook/flips/3", TaskQueue: runbook.TaskQueue})
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice", BreakGlass: "bob is asleep"})
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, "INC-7/runbook/flips/3", held)
}
