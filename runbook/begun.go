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
type begun struct {
	mu sync.Mutex
	// runs counts the coroutines of each run that the author's code is in.
	runs map[string]int
}

const (
	// leaveTries and leaveWithin bound how long a run is waited for that the
	// engine has dropped: what waits in a verb leaves at once, beside the next try.
	leaveTries  = 50
	leaveWithin = 10 * time.Millisecond
)

// once begins a run, and returns what enters it. It fails the task while an
// earlier try of the very run computes, in whichever of its branches.
func (b *begun) once(ctx workflow.Context) *inside {
	info := workflow.GetInfo(ctx)
	// The time tells apart the runs of tests, which all have one id.
	in := &inside{b, fmt.Sprint(info.WorkflowExecution.RunID, info.WorkflowStartTime.UnixNano())}
	for range leaveTries {
		if b.first(in.key) {
			return in
		}
		time.Sleep(leaveWithin) //workflowcheck:ignore
	}
	panic("an earlier try of this run computes without end: it calls no verb, and cannot be stopped")
}

// first enters a run that nothing is in.
func (b *begun) first(key string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.runs == nil {
		b.runs = map[string]int{}
	}
	if b.runs[key] > 0 {
		return false
	}
	b.runs[key] = 1
	return true
}

// inside is a run that has begun.
type inside struct {
	begun *begun
	key   string
}

// enter says that one coroutine more is in the author's code.
func (i *inside) enter() { i.add(1) }

func (i *inside) leave() { i.add(-1) }

func (i *inside) add(n int) {
	i.begun.mu.Lock()
	defer i.begun.mu.Unlock()
	if i.begun.runs[i.key] += n; i.begun.runs[i.key] <= 0 {
		delete(i.begun.runs, i.key)
	}
}
