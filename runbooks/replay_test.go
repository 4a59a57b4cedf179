package runbooks_test

import (
	"compress/gzip"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
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

// What waits in a verb is left when the engine drops it, and goes on elsewhere.
func TestARunThatWaitsIsTriedAgain(t *testing.T) {
	file, err := os.Open("testdata/demo-deploy-status-1.json.gz")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	text, err := gzip.NewReader(file)
	require.NoError(t, err)
	untilItLooks, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{LastEventID: 6})
	require.NoError(t, err)
	b := find(t, "deploy-status")
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	for range 3 {
		require.NoError(t, r.ReplayWorkflowHistory(nil, untilItLooks))
	}
}
