package kill_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"

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
	number := answerLostFirstTask(t, s, scene.Primary, func() scene.Webhook { return alert(s.services[0], "Lost") })
	held, err := s.world.Incident(t.Context(), number, "the holder", func(i *client.Incident) bool { return i.Holder == scene.Primary })
	require.NoError(t, err)
	requireAnswered(t, s, held.Number, scene.Primary)
	requireOnce(t, s)
	requireReplay(t, s, number)
	requireLost(t, s, number)
}

// TestWhoMustAcknowledgeTooIsAwaitedAfterALostFirstTask does the same where
// everyone of the level must acknowledge: the other one stays paged, by every
// rule, and nobody else is.
func TestWhoMustAcknowledgeTooIsAwaitedAfterALostFirstTask(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.services = nil
	d := &deed{stack: s, name: "everyone", services: 1, everyone: 2}
	s.declare = stages([]*deed{d}, s.world.Sandbox.URL()+"/phone/hook/")
	first, second := d.person(0, 0), d.person(0, 1)
	number := answerLostFirstTask(t, s, first, func() scene.Webhook { return d.alarm(0, "first") })
	_, err := s.world.Incident(t.Context(), number, "whoever is awaited", func(i *client.Incident) bool {
		return i.Holder == first && slices.Equal(i.Awaited, []string{second})
	})
	require.NoError(t, err)
	require.NoError(t, d.byEveryRule(t.Context(), number, second))
	_, err = d.acknowledge(t.Context(), number, second, time.Time{})
	require.NoError(t, err)
	_, err = s.world.Incident(t.Context(), number, "the last answer", func(i *client.Incident) bool {
		return i.Holder == first && len(i.Awaited) == 0
	})
	require.NoError(t, err)
	requireAnswered(t, s, number, first)
	pages, err := s.world.Pages(t.Context(), number)
	require.NoError(t, err)
	require.False(t, slices.ContainsFunc(pages, func(p client.Page) bool { return p.Person == d.person(0, 2) }), "the escalation stopped")
	requireOnce(t, s)
	requireReplay(t, s, number)
	requireLost(t, s, number)
}

// answerLostFirstTask starts a stack and has an alert page somebody from a
// first task that is lost with its processes, and them answer while no worker
// runs.
func answerLostFirstTask(t *testing.T, s *stack, person string, monitor func() scene.Webhook) (number string) {
	t.Helper()
	s.startGround(t)
	g, between := newGate(t, s.engine)
	takes := freeAddr(t)
	s.addTocsin(t, "worker")
	s.addTocsin(t, "intake", "TEMPORAL_ADDRESS="+between, "TOCSIN_LISTEN="+takes)
	s.addTocsin(t, "api --no-intake")
	source := *s.world
	source.API = "http://" + takes
	a := monitor()
	caught := g.set(trap{method: "RespondWorkflowTaskCompleted", about: "INC-1"})
	number, err := a.Fire(t.Context(), &source)
	require.NoError(t, err)
	page, err := s.world.Push(t.Context(), person, number, a.Summary)
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
	return number
}

// requireLost holds an incident to having lost its first workflow task. The one
// that did it again may be under way still: what it records is seen before.
func requireLost(t *testing.T, s *stack, number string) {
	t.Helper()
	events := historyOf(t, s, number).GetEvents()
	first := func(kind enums.EventType) int {
		return slices.IndexFunc(events, func(e *history.HistoryEvent) bool { return e.GetEventType() == kind })
	}
	lost := first(enums.EVENT_TYPE_WORKFLOW_TASK_TIMED_OUT)
	require.NotEqual(t, -1, lost)
	if done := first(enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED); done >= 0 {
		require.Less(t, lost, done)
	}
}

// requireAnswered waits until the ledger has a push to somebody that they
// answered.
func requireAnswered(t *testing.T, s *stack, number, person string) {
	t.Helper()
	_, err := scene.Until(t.Context(), s.world, "the answered page to "+person, func(ctx context.Context) (struct{}, bool) {
		pages, err := s.world.Pages(ctx, number)
		return struct{}{}, err == nil && slices.ContainsFunc(pages, func(p client.Page) bool {
			return p.Person == person && p.Kind == "push" && p.State == client.PageStateSent && !p.Answered.IsZero()
		})
	})
	require.NoError(t, err)
}
