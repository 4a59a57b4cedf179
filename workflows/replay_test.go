package workflows_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tocsinhq/tocsin/workflows"
)

// TestReplay holds today's incident to the histories that earlier releases
// left: a change that breaks one needs GetVersion.
func TestReplay(t *testing.T) {
	histories, err := filepath.Glob("testdata/histories/*.json.gz")
	require.NoError(t, err)
	if len(histories) == 0 {
		const reason = "NOTHING IS REPLAYED: no recorded history in workflows/testdata/histories/*.json.gz"
		require.NotEqual(t, "all", os.Getenv("TOCSIN_TEST_REQUIRE"), reason)
		t.Skip(reason)
	}
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflow(workflows.Incident)
	replayer.RegisterWorkflow(workflows.Sweep)
	for _, path := range histories {
		t.Run(filepath.Base(path), func(t *testing.T) {
			file, err := os.Open(path)
			require.NoError(t, err)
			defer file.Close()
			text, err := gzip.NewReader(file)
			require.NoError(t, err)
			history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
			require.NoError(t, err)
			require.NoError(t, replayer.ReplayWorkflowHistory(nil, history))
		})
	}
}
