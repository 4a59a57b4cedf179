package runbook

import (
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/workflow"
)

// begun holds the runs of a runbook whose code goes on in this process and was
// not left. The engine gives up a task whose code computes for more than a
// second, and has it tried again: what loops without a verb would take a further
// processor with each try, of a process that may page people too.
type begun struct {
	mu sync.Mutex
	// live are those that came past what was done before: what is only done
	// again, to answer a query beside the run itself, is none of them.
	live map[string]*inside
}

// inside is one try of a run, with how many of its coroutines are in the author's
// code.
type inside struct {
	begun      *begun
	key        string
	coroutines int
	// doubted is when it was in the way of a later try first, and believed for
	// how long it may be.
	doubted  time.Time
	believed time.Duration
}

const (
	// leaveTries and leaveWithin bound how long a run is waited for that the
	// engine has dropped: what waits in a verb leaves at once, beside the next try.
	leaveTries  = 50
	leaveWithin = 10 * time.Millisecond
	// believed is how long what is in the way of a later try is taken for
	// something that computes. It may be nothing at all: when a process got no
	// processor for a second, the engine can give a coroutine up that comes to its
	// next verb just then, and parks it for ever. Each later one is believed
	// seldom times as long, so that what loops takes but a few processors more.
	believed = time.Minute
	seldom   = 10
)

// enter begins a try of a run.
func (b *begun) enter(ctx workflow.Context) *inside {
	info := workflow.GetInfo(ctx)
	// The time tells apart the runs of tests, which all have one id.
	i := &inside{begun: b, key: fmt.Sprint(info.WorkflowExecution.RunID, info.WorkflowStartTime.UnixNano()), believed: believed}
	i.enter()
	i.goOn(ctx)
	return i
}

// goOn lets a try go on beyond what was done before. It fails the task while an
// earlier try of the very run computes, in whichever of its branches.
func (i *inside) goOn(ctx workflow.Context) {
	if workflow.IsReplaying(ctx) {
		return
	}
	for range leaveTries {
		if i.first() {
			return
		}
		time.Sleep(leaveWithin) //workflowcheck:ignore
	}
	panic("an earlier try of this run computes without end: it calls no verb, and cannot be stopped")
}

// first reports whether no other try of the run goes on.
func (i *inside) first() bool {
	i.begun.mu.Lock()
	defer i.begun.mu.Unlock()
	if i.begun.live == nil {
		i.begun.live = map[string]*inside{}
	}
	now := time.Now() //workflowcheck:ignore
	switch other := i.begun.live[i.key]; {
	case other == i:
		return true
	case other == nil:
	case other.doubted.IsZero():
		other.doubted = now
		return false
	case now.Sub(other.doubted) < other.believed:
		return false
	default:
		i.believed = seldom * other.believed
	}
	i.begun.live[i.key] = i
	return true
}

// enter says that one coroutine more is in the author's code.
func (i *inside) enter() { i.add(1) }

func (i *inside) leave() { i.add(-1) }

func (i *inside) add(n int) {
	i.begun.mu.Lock()
	defer i.begun.mu.Unlock()
	if i.coroutines += n; i.coroutines == 0 && i.begun.live[i.key] == i {
		delete(i.begun.live, i.key)
	}
}
