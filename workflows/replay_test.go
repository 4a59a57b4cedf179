package workflows_test

import (
	"testing"

	"go.temporal.io/sdk/worker"

	"github.com/tocsinhq/tocsin/test/replay"
	"github.com/tocsinhq/tocsin/workflows"
)

// TestReplay holds today's incident to the histories that earlier releases
// left: a change that breaks one needs GetVersion.
func TestReplay(t *testing.T) {
	replay.Histories(t, "testdata/histories", func(r worker.WorkflowReplayer) {
		r.RegisterWorkflow(workflows.Incident)
		r.RegisterWorkflow(workflows.Sweep)
	})
}
