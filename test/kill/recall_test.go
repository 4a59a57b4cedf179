package kill_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestAPageOfALostFirstTaskIsInTheLedger kills the process that an incident
// began in after its page was handed over and before Temporal heard of it. Its
// person answers before the task is done again: the page is in the ledger as
// answered all the same, and is not handed over again.
func TestAPageOfALostFirstTaskIsInTheLedger(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.startGround(t)
	g, between := newGate(t, s.engine)
	takes := freeAddr(t)
	s.addTocsin(t, "worker")
	s.addTocsin(t, "intake", "TEMPORAL_ADDRESS="+between, "TOCSIN_LISTEN="+takes)
	s.addTocsin(t, "api --no-intake")
	source := *s.world
	source.API = "http://" + takes
	a := alert(s.services[0], "Lost")
	caught := g.set(trap{method: "RespondWorkflowTaskCompleted", about: "INC-1"})
	number, err := a.Fire(t.Context(), &source)
	require.NoError(t, err)
	page, err := s.world.Push(t.Context(), scene.Primary, number, a.Summary)
	require.NoError(t, err)
	var release func()
	select {
	case release = <-caught:
	case <-time.After(patience):
		require.Fail(t, "the first task was not completed")
	}
	for _, who := range []string{"intake", "worker"} {
		require.NoError(t, s.victims[who].Kill())
	}
	release()
	require.NoError(t, (&scene.Incident{World: s.world}).Tap(t.Context(), page))
	require.NoError(t, s.victims["worker"].Restart(t.Context()))

	held, err := s.world.Incident(t.Context(), number, "the holder", func(i *client.Incident) bool { return i.Holder == scene.Primary })
	require.NoError(t, err)
	pages, err := s.world.Pages(t.Context(), held.Number)
	require.NoError(t, err)
	n := slices.IndexFunc(pages, func(p client.Page) bool { return p.Key == page.Key })
	require.GreaterOrEqual(t, n, 0, "%v", pages)
	require.Equal(t, client.PageStateSent, pages[n].State)
	require.False(t, pages[n].Answered.IsZero())
	lost := func(e client.Entry) bool { return strings.Contains(e.Text, "was answered before that was recorded") }
	require.True(t, slices.ContainsFunc(timeline(t, s.world, number), lost), "the task was done again after the answer")
	requireOnce(t, s)
	requireReplay(t, s, number)
}
