package kill_test

import (
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/test/scene"
)

// killsARun is how often each disturbed run kills; together they are more
// than thirty. TOCSIN_KILL_ROUNDS multiplies it.
const killsARun = 16

func TestNothingIsLostOrDoubledByKilling(t *testing.T) {
	t.Parallel()
	undisturbed := sync.OnceValue(func() seen {
		s := allInOne(t)
		i := sceneOf(s, s.services[0])
		require.NoError(t, i.Play(t.Context()))
		over(t, s, i.Number)
		return look(t, s.world, i)
	})()
	t.Logf("undisturbed: %+v", undisturbed)
	bothWays(t, func(t *testing.T, s *stack) play {
		return func(seed uint64) { disturb(t, s, seed, undisturbed) }
	})
}

// play is a test on a stack that has started.
type play func(seed uint64)

// bothWays plays with everything in one process and in parts, side by side and
// each from a seed of its own. A stack is prepared before it starts.
func bothWays(t *testing.T, prepare func(*testing.T, *stack) play) {
	t.Helper()
	seed := seedOf(t)
	for n, way := range []struct {
		name  string
		start func(*stack, *testing.T)
	}{{"all in one", (*stack).startInOne}, {"in parts", (*stack).startInParts}} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := newStack(t)
			play := prepare(t, s)
			way.start(s, t)
			play(seed + uint64(n))
		})
	}
}

// seedOf returns what the dice of a test begin with, and says it.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("TOCSIN_KILL_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, "TOCSIN_KILL_SEED is a number")
	}
	t.Logf("TOCSIN_KILL_SEED=%d repeats the same kills", seed)
	return seed
}

// disturb plays scenes while their ground is killed away, and compares what
// came of them with the undisturbed one.
func disturb(t *testing.T, s *stack, seed uint64, undisturbed seen) {
	k := newKiller(s, seed, t.Logf)
	var mu sync.Mutex
	var played []*scene.Incident
	t.Cleanup(func() { keepHistories(t, s, numbers(played)) })
	k.run(t, rounds(t)*killsARun, func(service string) error {
		i := sceneOf(s, service)
		mu.Lock()
		played = append(played, i)
		mu.Unlock()
		return i.Play(t.Context())
	})
	t.Log(k)
	var late []time.Duration
	for _, i := range played {
		over(t, s, i.Number)
		require.Equal(t, undisturbed, look(t, s.world, i), i.Number)
		requireReplay(t, s, i.Number)
		for key, d := range lateness(t, s, i.Number) {
			require.LessOrEqual(t, d, promised, "%s came late", key)
			late = append(late, d)
		}
	}
	slices.Sort(late)
	t.Logf("%d incidents, %d pages; after the later of due time and recovery: median %s, last %s",
		len(played), len(late), late[len(late)/2], late[len(late)-1])
}

func numbers(played []*scene.Incident) []string {
	var out []string
	for _, i := range played {
		if i.Number != "" {
			out = append(out, i.Number)
		}
	}
	return out
}

func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TOCSIN_KILL_ROUNDS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "TOCSIN_KILL_ROUNDS is a number")
	return max(n, 1)
}

// sceneOf is the scene of one service.
func sceneOf(s *stack, service string) *scene.Incident {
	const summary = "1 in 3 payments fails"
	return &scene.Incident{
		World: s.world, Service: service, Summary: summary, Thorough: true,
		Monitor: scene.Webhook{Service: service, Alertname: "PaymentErrors", Summary: summary, Since: time.Now()},
	}
}
