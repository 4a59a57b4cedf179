// Package replay holds workflows to the histories that older ones left.
package replay

import (
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
)

// Histories replays every history of a folder, *.json.gz, on the workflows that
// register registers. Where there is none it skips the test loudly, and fails
// it under TOCSIN_TEST_REQUIRE=all.
func Histories(t *testing.T, folder string, register func(worker.WorkflowReplayer)) {
	t.Helper()
	histories, err := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	require.NoError(t, err)
	if len(histories) == 0 {
		reason := "NOTHING IS REPLAYED: no recorded history in " + folder
		require.NotEqual(t, "all", os.Getenv("TOCSIN_TEST_REQUIRE"), reason)
		t.Skip(reason)
	}
	replayer := worker.NewWorkflowReplayer()
	register(replayer)
	for _, path := range histories {
		t.Run(filepath.Base(path), func(t *testing.T) { replay(t, replayer, path) })
	}
}

func replay(t *testing.T, replayer worker.WorkflowReplayer, path string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	text, err := gzip.NewReader(file)
	require.NoError(t, err)
	history, err := client.HistoryFromJSON(text, client.HistoryJSONOptions{})
	require.NoError(t, err)
	// The questions of a run of a runbook are named after its id.
	started := history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes()
	require.NoError(t, replayer.ReplayWorkflowHistoryWithOptions(nil, history, worker.ReplayWorkflowHistoryOptions{
		OriginalExecution: workflow.Execution{ID: started.GetWorkflowId(), RunID: started.GetOriginalExecutionRunId()},
	}))
}

// Record writes the history of a workflow that has ended into a folder that
// Histories reads, when TOCSIN_RECORD_HISTORIES names what the file's name begins
// with.
func Record(t *testing.T, c client.Client, id, folder, name string) {
	t.Helper()
	lead := os.Getenv("TOCSIN_RECORD_HISTORIES")
	if lead == "" {
		return
	}
	require.NoError(t, c.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil))
	text, err := activities.TemporalRuns{Client: c}.RunHistory(t.Context(), id, "")
	require.NoError(t, err)
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	_, err = w.Write(text)
	require.NoError(t, errors.Join(err, w.Close()))
	require.NoError(t, os.WriteFile(filepath.Join(folder, lead+"-"+name+".json.gz"), compressed.Bytes(), 0o600))
}
