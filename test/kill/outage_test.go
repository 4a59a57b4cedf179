package kill_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/fault"
)

// provider hands pages on by some kinds of contact method.
type provider struct {
	name    string
	kinds   []string
	part    *fault.Injector
	ops     []string
	refusal int
}

func providers(s *sandbox.Sandbox) []provider {
	const transient = 451 // of SMTP
	return []provider{
		{"the push server", []string{"push", "webhook"}, s.Phone.Faults, []string{"push", "hook"}, http.StatusServiceUnavailable},
		{"the SMS provider", []string{"sms"}, s.Twilio.Faults, []string{"send"}, http.StatusServiceUnavailable},
		{"Pushover", []string{"pushover"}, s.Pushover.Faults, []string{"message"}, http.StatusServiceUnavailable},
		{"the mail server", []string{"email"}, s.Inbox.Faults, []string{"data"}, transient},
	}
}

// The ways in which a provider is away.
const (
	refuses = "refuses"
	hangs   = "hangs"
	mute    = "takes everything and loses its answer"
)

const (
	// sound and sick are the longest times for which a provider works, and
	// does not; sick is longer than a level's timeout.
	sound, sick = 12 * time.Second, 14 * time.Second
	// least is the shortest of either.
	least = 2 * time.Second
	// givesUp is when we stop waiting for what hangs, and stuck how long it
	// hangs.
	givesUp, stuck = 10 * time.Second, 12 * time.Second
)

func (p provider) fault(how string) fault.Fault {
	switch how {
	case refuses:
		return fault.Status(p.refusal).Repeat(fault.Forever)
	case hangs:
		return fault.Fault{Times: fault.Forever, Delay: stuck, Drop: true}
	}
	return fault.DropAfter().Repeat(fault.Forever)
}

// plague makes every provider fail at random, and processes die, until it is
// cured.
type plague struct {
	stack *stack
	seed  uint64
	say   func(format string, args ...any)

	killer *killer
	mu     sync.Mutex
	fell   map[string]int // how often, by the way
}

// spread begins. What it returns cures everything and returns when all works
// again.
func (p *plague) spread(t *testing.T) (cure func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p.fell = map[string]int{}
	p.killer = newKiller(p.stack, p.seed, p.say)
	var ill errgroup.Group
	ill.Go(func() error { return p.killer.harass(ctx) })
	for n, provider := range providers(p.stack.world.Sandbox) {
		dice := rand.New(rand.NewPCG(p.seed, uint64(n+1)))
		ill.Go(func() error { return p.befall(ctx, provider, dice) })
	}
	return func() {
		cancel()
		require.NoError(t, ill.Wait())
	}
}

// befall makes one provider fail, again and again.
func (p *plague) befall(ctx context.Context, who provider, dice *rand.Rand) error {
	ways := []string{refuses, hangs, mute}
	for {
		if wait(ctx, between(dice, least, sound)) != nil {
			return nil // cured
		}
		how := ways[dice.IntN(len(ways))]
		from := time.Now()
		for _, op := range who.ops {
			if err := who.part.Add(op, who.fault(how)); err != nil {
				return fmt.Errorf("%s: %w", who.name, err)
			}
		}
		_ = wait(ctx, between(dice, least, sick)) // cured earlier, it works again
		who.part.Clear()
		o := outage{who: who.name, from: from, to: time.Now(), kinds: who.kinds, mute: how == mute}
		p.say("%s %s for %s", who.name, how, o.to.Sub(from).Round(10*time.Millisecond))
		if how == hangs {
			o.to = o.to.Add(givesUp)
		}
		p.stack.note(o)
		p.mu.Lock()
		p.fell[how]++
		p.mu.Unlock()
	}
}

// said counts what befell whom.
func (p *plague) said() string {
	var out []string
	for _, how := range slices.Sorted(maps.Keys(p.fell)) {
		out = append(out, fmt.Sprintf("%s %d times", how, p.fell[how]))
	}
	return fmt.Sprintf("%s; a provider %s", p.killer, strings.Join(out, ", "))
}

const (
	// After so many kills everything lives for a breath: what runs every ten
	// seconds, one run at a time, is missed for ten more when it dies, and would
	// never end otherwise.
	breathAfter = 6
	breath      = 25 * time.Second
)

// harass kills now and then until it is stopped. Nothing stays dead.
func (k *killer) harass(ctx context.Context) error {
	for {
		pause := k.upTo(2 * lull)
		if n := k.total(); n > 0 && n%breathAfter == 0 {
			pause = breath
		}
		if wait(ctx, pause) != nil {
			return nil // stopped
		}
		if err := k.once(context.WithoutCancel(ctx)); err != nil {
			return err
		}
	}
}

// between throws the dice for a time.
func between(dice *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(dice.Int64N(int64(high-low)))
}
