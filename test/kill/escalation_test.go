package kill_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestNoPageIsLostWhileEverythingDies plays escalations of three levels, with
// three contact methods each, while our processes are killed and the providers
// refuse, hang and lose their answers. Somebody answers at a random moment, by
// a random channel. No page is lost, and none is handed over after the
// acknowledgement that covers it.
func TestNoPageIsLostWhileEverythingDies(t *testing.T) {
	t.Parallel()
	bothWays(t, func(t *testing.T, s *stack) play {
		s.services = nil
		var declared *catalog.Catalog
		s.declare = func(c *catalog.Catalog) {
			ladders(rounds(t)*climbs, s.world.Sandbox.URL()+"/phone/hook/")(c)
			declared = c
		}
		return func(seed uint64) { escalate(t, s, declared, seed) }
	})
}

// escalate plays every escalation, and looks at what came of it.
func escalate(t *testing.T, s *stack, c *catalog.Catalog, seed uint64) {
	dice := rand.New(rand.NewPCG(seed, seed))
	var all []*climb
	for n := range rounds(t) * climbs {
		all = append(all, newClimb(s, c, ladderOf(n), dice))
	}
	t.Cleanup(func() { keepHistories(t, s, climbed(all)) })
	p := &plague{stack: s, seed: seed, say: t.Logf}
	cure := p.spread(t)
	for wave := range slices.Chunk(all, climbs) {
		var climbing errgroup.Group
		for _, k := range wave {
			climbing.Go(func() error { return k.play(t.Context()) })
		}
		require.NoError(t, climbing.Wait())
	}
	cure()
	last := slices.MaxFunc(all, func(a, b *climb) int { return a.accepted.Compare(b.accepted) })
	require.NoError(t, wait(t.Context(), time.Until(last.accepted.Add(quiet))))
	sum := newTally()
	for _, k := range all {
		k.look(t, sum)
		requireReplay(t, s, k.number)
	}
	t.Log(p.said())
	t.Log(sum)
}

// quiet is how long after the last acknowledgement is looked for what should
// not come any more.
const quiet = 30 * time.Second

// climb is one escalation as it is played.
type climb struct {
	stack   *stack
	catalog *catalog.Catalog
	service string
	// starts is when the alert fires, person whoever answers, and sleeps for how
	// long after their first page; way picks one of the channels by which they
	// were paged until then.
	starts, sleeps time.Duration
	person         string
	way            int

	number string
	// tried is when they first tried to acknowledge, accepted when they heard
	// that it was.
	tried, accepted time.Time
}

// newClimb throws the dice. Most are answered at the last level.
func newClimb(s *stack, c *catalog.Catalog, service string, dice *rand.Rand) *climb {
	level := min(dice.IntN(2*steps), steps-1)
	return &climb{
		stack: s, catalog: c, service: service, person: stepOf(service, level),
		starts: between(dice, 0, stepTimeout), sleeps: between(dice, 0, stepTimeout), way: dice.IntN(60),
	}
}

func climbed(all []*climb) []string {
	var out []string
	for _, k := range all {
		if k.number != "" {
			out = append(out, k.number)
		}
	}
	return out
}

// play fires the alert, and has somebody answer.
func (k *climb) play(ctx context.Context) error {
	if err := wait(ctx, k.starts); err != nil {
		return err
	}
	w := k.stack.world
	a := scene.Webhook{Service: k.service, Alertname: "Climb", Summary: "nobody is there", Since: time.Now()}
	var err error
	if k.number, err = a.Fire(ctx, w); err != nil {
		return fmt.Errorf("%s: %w", k.service, err)
	}
	_, err = scene.Until(ctx, w, "a page to "+k.person+" about "+k.number, func(context.Context) ([]answer, bool) {
		ways := k.answers()
		return ways, len(ways) > 0
	})
	if err != nil {
		return err
	}
	if err := wait(ctx, k.sleeps); err != nil {
		return err
	}
	ways := k.answers()
	return k.insist(ctx, ways[k.way%len(ways)])
}

// insist answers until it is taken.
func (k *climb) insist(ctx context.Context, by answer) error {
	w := k.stack.world
	k.tried = time.Now()
	var last error
	var next time.Time
	tries := 0
	_, err := scene.Until(ctx, w, k.person+" acknowledges "+k.number+" by "+by.kind, func(ctx context.Context) (struct{}, bool) {
		if time.Now().Before(next) {
			return struct{}{}, false
		}
		tries++
		last = by.give(ctx)
		next = time.Now().Add(again)
		return struct{}{}, last == nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", err, last)
	}
	k.accepted = time.Now()
	w.Say("%s acknowledged %s by %s after %s, at the %d. try", k.person, k.number, by.kind, k.accepted.Sub(k.tried).Round(time.Millisecond), tries)
	return nil
}

// again is how long a person waits before trying again.
const again = 500 * time.Millisecond

// ledger reads the record once nothing of it is under way.
func (k *climb) ledger(t *testing.T) []client.Page {
	t.Helper()
	list, err := scene.Until(t.Context(), k.stack.world, "the end of the pages of "+k.number, func(ctx context.Context) ([]client.Page, bool) {
		list, err := k.stack.world.Pages(ctx, k.number)
		under := func(p client.Page) bool { return p.State == client.PageStateDue }
		return list, err == nil && !slices.ContainsFunc(list, under)
	})
	require.NoError(t, err)
	return list
}
