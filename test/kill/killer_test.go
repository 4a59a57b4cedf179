package kill_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/fault"
)

// killer ends processes at random moments and starts them again.
type killer struct {
	stack *stack
	dice  *rand.Rand
	say   func(format string, args ...any)
	// kills counts them by victim; between counts those that struck between
	// a receiver's acceptance and our record.
	kills   map[string]int
	between int
}

func newKiller(s *stack, seed uint64, say func(format string, args ...any)) *killer {
	return &killer{stack: s, dice: rand.New(rand.NewPCG(seed, 0)), say: say, kills: map[string]int{}}
}

// String says how often it killed whom.
func (k *killer) String() string {
	return fmt.Sprintf("killed %v, %d of %d between acceptance and record", k.kills, k.between, k.total())
}

// total is how often it killed.
func (k *killer) total() int {
	n := 0
	for _, times := range k.kills {
		n += times
	}
	return n
}

const (
	// lull is the longest time that a kill waits for, and the longest time
	// that what was killed stays away.
	lull = 2 * time.Second
	// bait is how long a kill waits for a receiver to take something.
	bait = 3 * time.Second
)

// rampage kills until it has killed n times.
func (k *killer) rampage(ctx context.Context, n int) error {
	for k.total() < n {
		if k.dice.IntN(3) == 0 {
			if err := k.spoil(); err != nil {
				return err
			}
		}
		if err := k.once(ctx); err != nil {
			return err
		}
	}
	return nil
}

// once kills: every other time between a receiver's acceptance and our record
// of it.
func (k *killer) once(ctx context.Context) error {
	if 2*k.between <= k.total() {
		return k.afterAcceptance(ctx)
	}
	return k.anytime(ctx)
}

// anytime kills at a random moment.
func (k *killer) anytime(ctx context.Context) error {
	if err := wait(ctx, k.upTo(lull)); err != nil {
		return err
	}
	return k.strike(ctx, k.pick(), func() {})
}

// afterAcceptance has the next receiver that takes something withhold its
// answer, kills, and lets the answer go to nobody.
func (k *killer) afterAcceptance(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	entered := make(chan string)
	release, err := k.hold(ctx, entered)
	if err != nil {
		return err
	}
	defer release()
	select {
	case what := <-entered:
		k.between++
		who := k.pick()
		k.say("%s was taken, and is not recorded", what)
		return k.strike(ctx, who, release)
	case <-time.After(bait):
		release()
		return k.strike(ctx, k.pick(), func() {})
	case <-ctx.Done():
		return ctx.Err()
	}
}

// strike kills, lets go what was held, and starts the victim again after a
// while.
func (k *killer) strike(ctx context.Context, who string, then func()) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	away := k.upTo(lull)
	from := time.Now()
	if err := k.stack.victims[who].Kill(); err != nil {
		return err
	}
	k.kills[who]++
	then()
	if err := wait(ctx, away); err != nil {
		return err
	}
	if err := k.stack.victims[who].Restart(ctx); err != nil {
		return err
	}
	to := time.Now()
	k.stack.note(outage{who: who, from: from, to: to})
	k.say("killed %s, away for %s", who, to.Sub(from).Round(10*time.Millisecond))
	return k.revive(ctx)
}

// revive starts what gave up because something else was away, as a supervisor
// would.
func (k *killer) revive(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(k.stack.victims)) {
		p, ok := k.stack.victims[name].(*process)
		if !ok || p.alive() {
			continue
		}
		k.say("%s had ended by itself", name)
		if err := p.Restart(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (k *killer) pick() string {
	names := slices.Sorted(maps.Keys(k.stack.victims))
	return names[k.dice.IntN(len(names))]
}

func (k *killer) upTo(d time.Duration) time.Duration { return time.Duration(k.dice.Int64N(int64(d))) }

// wait returns after a time, or with the error of a context that ends before.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// effect is an operation by which something happens outside.
type effect struct {
	part *fault.Injector
	op   string
}

// effects lists what Tocsin makes happen outside.
func effects(s *sandbox.Sandbox) []effect {
	out := []effect{{s.Phone.Faults, "push"}, {s.Phone.Faults, "hook"}, {s.Inbox.Faults, "data"}, {s.Deployer.Faults, "rollback"}}
	out = append(out, effect{s.Twilio.Faults, "send"}, effect{s.Pushover.Faults, "message"})
	for _, op := range []string{"issue.create", "issue.edit", "transition.do", "link.add", "remotelink.put"} {
		out = append(out, effect{s.Jira.Faults, op})
	}
	return out
}

// spoil has a receiver do its work the next time, and lose the answer.
func (k *killer) spoil() error {
	list := effects(k.stack.world.Sandbox)
	e := list[k.dice.IntN(len(list))]
	k.say("the next %s is done, and its answer lost", e.op)
	return e.part.Add(e.op, fault.DropAfter())
}

// hold has the next of every effect withhold its answer, and says which was
// the first.
func (k *killer) hold(ctx context.Context, entered chan<- string) (release func(), err error) {
	var held []effect
	release = sync.OnceFunc(func() {
		for _, e := range held {
			e.part.Release(e.op)
		}
	})
	for _, e := range effects(k.stack.world.Sandbox) {
		h, err := e.part.Hold(e.op)
		if err != nil {
			release()
			return nil, fmt.Errorf("hold %s: %w", e.op, err)
		}
		held = append(held, e)
		go func() {
			select {
			case <-h.Entered():
				select {
				case entered <- e.op:
				case <-ctx.Done():
				}
			case <-ctx.Done():
			}
		}()
	}
	return release, nil
}

// run plays scenes while the killer is at work, a few at a time, until it has
// killed n times and every scene has ended.
func (k *killer) run(t *testing.T, n int, play func(service string) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- k.rampage(ctx, n) }()
	for services := range slices.Chunk(k.stack.services, atOnce) {
		var playing errgroup.Group
		for _, service := range services {
			playing.Go(func() error { return play(service) })
		}
		require.NoError(t, playing.Wait())
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default: // it wants more to kill
		}
	}
	require.Fail(t, "the scenes ended before the kills")
}

// atOnce is how many incidents are played at once.
const atOnce = 4
