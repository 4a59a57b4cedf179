package runbook

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A try that the engine parked for ever is not taken for one that computes
// without end, and what really does takes a processor ever more seldom.
func TestWhatIsInTheWayIsBelievedForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, later := &begun{}, time.Sleep //nolint:forbidigo // the clock of a bubble, which takes no time
		try := func() *inside {
			i := &inside{begun: b, key: "run", believed: believed}
			i.enter()
			return i
		}
		parked := try()
		require.True(t, parked.first())
		next := try()
		later(time.Hour) // it waited in a verb, and nobody doubted it
		require.False(t, next.first())
		later(believed - 1)
		require.False(t, next.first())
		later(1)
		require.True(t, next.first())
		require.True(t, next.first(), "it stays so")

		third := try()
		require.False(t, third.first())
		later(seldom*believed - 1)
		require.False(t, third.first())
		parked.leave()
		require.False(t, third.first(), "another one is in the way")
		next.leave()
		require.True(t, third.first())
	})
}
