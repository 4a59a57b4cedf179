package runbooks_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbooks"
)

// TestReplay holds today's runbooks to the histories of runs that older ones
// left: a run keeps its code, so a change that breaks one needs a new name.
func TestReplay(t *testing.T) {
	histories, err := filepath.Glob("testdata/*.json.gz")
	require.NoError(t, err)
	if len(histories) == 0 {
		const reason = "NOTHING IS REPLAYED: no recorded history of a run in runbooks/testdata/*.json.gz"
		require.NotEqual(t, "all", os.Getenv("TOCSIN_TEST_REQUIRE"), reason)
		t.Skip(reason)
	}
	replayer := worker.NewWorkflowReplayer()
	for _, b := range runbooks.All() {
		replayer.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	}
	for _, path := range histories {
		t.Run(filepath.Base(path), func(t *testing.T) { replay(t, replayer, path) })
	}
}

func replay(t *testing.T, replayer worker.WorkflowReplayer, path string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	text, err := gzip.NewReader(file)
	require.NoError(t, err)
	history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	require.NoError(t, err)
	// A run's questions are named after its id.
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	}))
}
