package runbooks_test

import (
	"testing"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbooks"
	"github.com/tocsinhq/tocsin/test/replay"
)

// TestReplay holds today's runbooks to the histories of runs that older ones
// left: a run keeps its code, so a change that breaks one needs a new name.
func TestReplay(t *testing.T) {
	replay.Histories(t, "testdata", func(r worker.WorkflowReplayer) {
		for _, b := range runbooks.All() {
			r.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
		}
	})
}
