package kill_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tocsinhq/tocsin/workflows"
)

// requireReplay holds what a disturbed incident left to being decided alike
// again: a history that cannot be replayed blocks its incident for ever.
func requireReplay(t *testing.T, s *stack, number string) {
	t.Helper()
	past := historyOf(t, s, number)
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflow(workflows.Incident)
	require.NoError(t, replayer.ReplayWorkflowHistory(nil, past), number)
	for _, e := range past.GetEvents() {
		failed := e.GetWorkflowTaskFailedEventAttributes()
		if failed == nil || failed.GetCause() == enums.WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND {
			continue // a signal came while the workflow was about to end: the task is decided again
		}
		require.Fail(t, "a workflow task failed", "%s, event %d: %s", number, e.GetEventId(), failed)
	}
}

// over waits until the workflow of an incident has ended, and with it all that
// its end owes: the record is closed, and so may its ticket be, before the last
// notice has left.
func over(t *testing.T, s *stack, number string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c := dial(t, s)
	defer c.Close()
	require.NoError(t, c.GetWorkflow(ctx, number, "").Get(ctx, nil), "the end of the workflow of %s", number)
}

// dial connects to the engine of a stack.
func dial(t *testing.T, s *stack) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.engine})
	require.NoError(t, err)
	return c
}

// historyOf reads the present run of an incident.
func historyOf(t *testing.T, s *stack, number string) *history.History {
	t.Helper()
	return runOf(t, s, number, "")
}

// runOf reads one run; the present one has no id.
func runOf(t *testing.T, s *stack, number, run string) *history.History {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	c := dial(t, s)
	defer c.Close()
	out := &history.History{}
	events := c.GetWorkflowHistory(ctx, number, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		out.Events = append(out.Events, e)
	}
	return out
}

// keepHistories writes the histories, all runs of them, of what was played beside the logs when
// the test failed and they are asked for.
func keepHistories(t *testing.T, s *stack, numbers []string) {
	t.Helper()
	keep := os.Getenv("TOCSIN_KILL_LOGS")
	if keep == "" || !t.Failed() {
		return
	}
	for _, number := range numbers {
		run := historyOf(t, s, number)
		for n := 0; ; n++ { // from the present one back
			text, err := protojson.Marshal(run)
			require.NoError(t, err)
			name := fmt.Sprintf("%s-%s-%d.json", filepath.Base(t.Name()), number, n)
			require.NoError(t, os.WriteFile(filepath.Join(keep, name), text, 0o600))
			before := run.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetContinuedExecutionRunId()
			if before == "" {
				break
			}
			run = runOf(t, s, number, before)
		}
	}
}
