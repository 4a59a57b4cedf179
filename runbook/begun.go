package runbook

import (
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/workflow"
)

// begun holds the runs of a runbook whose code has begun in this process and was
// not left. The engine gives up a task whose code computes for more than a
// second, and has it tried again: what loops without a verb would take a further
// processor with each try, of a process that may page people too.
type begun struct{ runs sync.Map }

const (
	// leaveTries and leaveWithin bound how long a run is waited for that the
	// engine has dropped: what waits in a verb leaves at once, beside the next try.
	leaveTries  = 50
	leaveWithin = 10 * time.Millisecond
)

// once begins a run, and returns what leaves it. It fails the task while an
// earlier try of the very run computes.
func (b *begun) once(ctx workflow.Context) (leave func()) {
	info := workflow.GetInfo(ctx)
	// The time tells apart the runs of tests, which all have one id.
	key := fmt.Sprint(info.WorkflowExecution.RunID, info.WorkflowStartTime.UnixNano())
	for range leaveTries {
		if _, busy := b.runs.LoadOrStore(key, true); !busy {
			return func() { b.runs.Delete(key) }
		}
		time.Sleep(leaveWithin) //workflowcheck:ignore
	}
	panic("an earlier try of this run computes without end: it calls no verb, and cannot be stopped")
}
