package runbooks_test

import (
	"compress/gzip"
	"io"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

var (
	loops   atomic.Int64
	stopped = make(chan struct{})
)

type nothing struct {
	Target runbook.Name `about:"the deploy target" from:"service"`
}

// forEver computes without a verb until the test ends, as a runbook with a
// mistake does.
func forEver(workflow.Context, nothing) error {
	loops.Add(1)
	<-stopped
	loops.Add(-1)
	return nil
}

// recorded is the history of a run of deploy-status, up to an event.
func recorded(t *testing.T, events int) *history.History {
	t.Helper()
	f, err := os.Open("testdata/demo-deploy-status-1.json.gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	var h history.History
	require.NoError(t, temporalproto.CustomJSONUnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, &h))
	h.Events = h.Events[:min(events, len(h.Events))]
	return &h
}

func replayer(b runbook.Runbook) worker.WorkflowReplayer {
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: "deploy-status"})
	return r
}

// Nothing can stop what loops: but the engine tries its task again and again, in
// a process that may page people too.
func TestALoopWithoutAVerbTakesOneProcessorAtMost(t *testing.T) {
	r := replayer(runbook.New(forEver, runbook.Spec{Name: "deploy-status", About: "x", Fits: "x"}))
	defer close(stopped)
	h := recorded(t, 100)
	require.ErrorContains(t, r.ReplayWorkflowHistory(nil, h), "TMPRL1101")
	for range 2 {
		require.ErrorContains(t, r.ReplayWorkflowHistory(nil, h), "an earlier try of this run computes without end")
		require.EqualValues(t, 1, loops.Load())
	}
}

// What waits in a verb is left when the engine drops it, and goes on elsewhere.
func TestARunThatWaitsIsTriedAgain(t *testing.T) {
	r := replayer(find(t, "deploy-status"))
	for range 3 {
		require.NoError(t, r.ReplayWorkflowHistory(nil, recorded(t, 6)))
	}
}
