package fault

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Injector holds the faults of one part of the sandbox. It is safe for
// concurrent use.
type Injector struct {
	mu     sync.Mutex
	ops    []string
	queues map[string][]Fault
	holds  map[string][]*Hold
	calls  map[string]int
}

// Pending is a fault that has not been used up, and the operation it strikes.
type Pending struct {
	Op    string
	Fault Fault
}

// New returns an injector for the named operations; any other name is refused
// by Add, so that a misspelt fault never passes for a service that held up.
func New(ops ...string) *Injector {
	return &Injector{
		ops:    append([]string{Any}, ops...),
		queues: map[string][]Fault{},
		holds:  map[string][]*Hold{},
		calls:  map[string]int{},
	}
}

// Ops returns the operation names that faults can be set for.
func (i *Injector) Ops() []string { return slices.Clone(i.ops) }

// Add queues faults for an operation. It fails for an unknown operation and
// for a fault that would do nothing.
func (i *Injector) Add(op string, faults ...Fault) error {
	if !slices.Contains(i.ops, op) {
		return fmt.Errorf("unknown operation %q, use one of %s", op, strings.Join(i.ops, ", "))
	}
	for _, f := range faults {
		if err := f.validate(); err != nil {
			return fmt.Errorf("fault for %s: %w", op, err)
		}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		if f.Hold {
			if f.gate == nil {
				f.gate = newHold()
			}
			i.holds[op] = append(i.holds[op], f.gate)
		}
		i.queues[op] = append(i.queues[op], f)
	}
	return nil
}

// Hold makes the next request of an operation do its work and then wait,
// unanswered, until the returned Hold is released or the client has gone.
func (i *Injector) Hold(op string) (*Hold, error) {
	gate := newHold()
	if err := i.Add(op, Fault{Hold: true, gate: gate}); err != nil {
		return nil, err
	}
	return gate, nil
}

// Release lets every held request of an operation go on, and cancels the
// holds that nothing has met yet. It returns how many holds there were.
func (i *Injector) Release(op string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	released := i.holds[op]
	for _, h := range released {
		h.Release()
	}
	delete(i.holds, op)
	i.queues[op] = slices.DeleteFunc(i.queues[op], func(f Fault) bool { return f.Hold })
	return len(released)
}

// Clear forgets every fault and releases every held request.
func (i *Injector) Clear() {
	for _, op := range i.ops {
		i.Release(op)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	clear(i.queues)
}

// Pending lists the faults that are still to strike, by operation.
func (i *Injector) Pending() []Pending {
	i.mu.Lock()
	defer i.mu.Unlock()
	var pending []Pending
	for _, op := range slices.Sorted(maps.Keys(i.queues)) {
		for _, f := range i.queues[op] {
			pending = append(pending, Pending{Op: op, Fault: f})
		}
	}
	return pending
}

// Calls returns how many requests of an operation have arrived, including
// those that a fault struck; Any counts all of them.
func (i *Injector) Calls(op string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.calls[op]
}

// Take counts a request of op and returns the fault that strikes it, or the
// zero Fault. Protocols other than HTTP use it; HTTP handlers use Wrap.
func (i *Injector) Take(op string) Fault {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.calls[op]++
	i.calls[Any]++
	if len(i.queues[op]) > 0 {
		return i.pop(op)
	}
	if len(i.queues[Any]) > 0 {
		return i.pop(Any)
	}
	return Fault{}
}

func (i *Injector) pop(op string) Fault {
	head := &i.queues[op][0]
	if head.Skip > 0 {
		head.Skip--
		return Fault{}
	}
	taken := *head
	if head.Times != Forever {
		head.Times--
	}
	if head.Times == 0 {
		i.queues[op] = i.queues[op][1:]
	}
	return taken
}

// Sleep waits for the fault's delay or until ctx is done, and then returns
// the context's error.
func (f Fault) Sleep(ctx context.Context) error {
	if f.Delay == 0 {
		return nil
	}
	timer := time.NewTimer(f.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait blocks while the fault holds its request, until it is released or ctx
// is done, and then returns the context's error.
func (f Fault) Wait(ctx context.Context) error {
	if f.gate == nil {
		return nil
	}
	f.gate.enter()
	select {
	case <-f.gate.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hold is one request that is kept waiting after its work was done.
type Hold struct {
	entered, released  chan struct{}
	enterOnce, letOnce sync.Once
}

func newHold() *Hold {
	return &Hold{entered: make(chan struct{}), released: make(chan struct{})}
}

func (h *Hold) enter() { h.enterOnce.Do(func() { close(h.entered) }) }

// Entered is closed once a request has done its work and is being held.
func (h *Hold) Entered() <-chan struct{} { return h.entered }

// Release lets the request answer; releasing twice is harmless.
func (h *Hold) Release() { h.letOnce.Do(func() { close(h.released) }) }
