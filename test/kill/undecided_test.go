package kill_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestATapThatTemporalForgotCountsWhenRepeated kills Temporal and the API after
// an acknowledgement was recorded and before Temporal has heard of it. The
// record says what was never decided; the second tap must reach the incident
// all the same, and the record come true.
func TestATapThatTemporalForgotCountsWhenRepeated(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.startGround(t)
	g, between := newGate(t, s.engine)
	s.addTocsin(t, "worker", "TEMPORAL_ADDRESS="+between)
	s.addTocsin(t, "api", "TEMPORAL_ADDRESS="+between)
	a := alert(s.services[0], "First")
	number, err := a.Fire(t.Context(), s.world)
	require.NoError(t, err)
	page, err := s.world.Push(t.Context(), scene.Secondary, number, a.Summary)
	require.NoError(t, err)

	release := s.untilRecorded(t, g, number, func() {
		_, _ = s.world.Sandbox.Phone.Tap(context.WithoutCancel(t.Context()), page.ID, 0) // nobody hears the answer
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	forgetful := []string{"temporal", "api"} // the API would leave the tap as a signal
	for _, who := range forgetful {
		require.NoError(t, s.victims[who].Kill())
	}
	release()
	for _, who := range forgetful {
		require.NoError(t, s.victims[who].Restart(ctx))
	}

	i := &scene.Incident{World: s.world, Service: a.Service, Summary: a.Summary, Thorough: true, Number: number}
	require.NoError(t, i.Acknowledge(ctx), "a notice says that it was decided")
	acks := 0
	for _, e := range timeline(t, s.world, number) {
		if e.Kind == "acknowledged" {
			acks++
		}
	}
	require.Equal(t, 1, acks)
	requireReplay(t, s, number)
}

// untilRecorded does something, and returns when it is recorded that somebody
// holds the incident and Temporal has not heard of it. What it returns lets
// the news go on its way.
func (s *stack) untilRecorded(t *testing.T, g *gate, number string, do func()) (release func()) {
	t.Helper()
	db, err := store.Open(t.Context(), s.database)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	decided := trap{method: "RespondWorkflowTaskCompleted", about: number}
	caught := g.set(decided)
	go do()
	for {
		select {
		case release = <-caught:
		case <-time.After(patience):
			require.Fail(t, "no workflow task was completed")
		}
		if i, err := db.Incident(t.Context(), number); err == nil && i.Holder != "" {
			return release
		}
		g.set(decided)
		release()
	}
}
