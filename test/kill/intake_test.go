package kill_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/test/scene"
)

// TestTheIntakeDiesBetweenItsSteps kills the process that takes an alert after
// each of its steps: claim, start, signal and mark. The sender tries again, as
// Alertmanager does; one incident and one round of pages come of it.
func TestTheIntakeDiesBetweenItsSteps(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.startGround(t)
	s.addTocsin(t, "worker")
	g, between := newGate(t, s.engine)
	s.addTocsin(t, "api", "TEMPORAL_ADDRESS="+between)
	for n, step := range []struct {
		name string
		trap trap
		// known says that the alert belongs to an incident that is open.
		known bool
	}{
		{"claim", trap{method: "StartWorkflowExecution"}, false},
		{"start", trap{method: "StartWorkflowExecution", after: true}, false},
		{"signal that was not sent", trap{method: "SignalWorkflowExecution"}, true},
		{"signal", trap{method: "SignalWorkflowExecution", after: true}, true},
	} {
		t.Run(step.name, func(t *testing.T) {
			service := s.services[n]
			if step.known {
				first := alert(service, "First")
				_, err := first.Fire(t.Context(), s.world)
				require.NoError(t, err)
			}
			s.dieAt(t, g.set(step.trap), alert(service, "First"), step.known)
		})
	}
	t.Run("mark", func(t *testing.T) { s.dieAfterMark(t, alert(s.services[4], "First")) })
}

func alert(service, name string) scene.Webhook {
	return scene.Webhook{Service: service, Alertname: name, Summary: name + " of " + service, Since: time.Now()}
}

// dieAt delivers an alert, kills the API where it is caught, and starts it
// again.
func (s *stack) dieAt(t *testing.T, caught <-chan func(), a scene.Webhook, known bool) {
	t.Helper()
	if known {
		a.Instance, a.Summary = "second", "Second of "+a.Service
	}
	lost := make(chan error, 1)
	go func() {
		_, err := a.Once(context.WithoutCancel(t.Context()), s.world, "firing")
		lost <- err
	}()
	release := <-caught
	require.NoError(t, s.victims["api"].Kill())
	release()
	require.Error(t, <-lost, "the sender hears nothing")
	s.recovers(t, a)
}

// dieAfterMark kills the API as soon as its database says that Temporal has
// accepted.
func (s *stack) dieAfterMark(t *testing.T, a scene.Webhook) {
	t.Helper()
	db, err := store.Open(t.Context(), s.database)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	number, err := a.Fire(t.Context(), s.world)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		waiting, err := db.WaitingFor(t.Context(), number)
		return err == nil && len(waiting) == 0
	}, patience, time.Millisecond)
	require.NoError(t, s.victims["api"].Kill())
	s.recovers(t, a)
}

// recovers starts the API again, delivers again, and holds what came of it to
// one incident, whose pages came in time and once.
func (s *stack) recovers(t *testing.T, a scene.Webhook) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, s.victims["api"].Restart(ctx))
	up := time.Now()
	number, err := a.Deliver(ctx, s.world, "firing")
	require.NoError(t, err)
	page, err := s.world.Push(ctx, scene.Primary, number, "First of "+a.Service)
	require.NoError(t, err)
	require.Less(t, page.Received.Sub(up), promised)
	t.Logf("%s: paged %s after the recovery", number, page.Received.Sub(up).Round(time.Millisecond))
	i := &scene.Incident{World: s.world, Service: a.Service, Summary: "First of " + a.Service, Thorough: true, Number: number}
	require.NoError(t, i.Acknowledge(ctx))
	kinds := map[string]int{}
	for _, e := range timeline(t, s.world, number) {
		kinds[e.Kind]++
	}
	require.Equal(t, 1, kinds["opened"])
	if a.Instance != "" {
		require.Equal(t, 2, kinds["alert.firing"], "both alerts, each once")
	}
	repeats := map[string]int{}
	for _, p := range s.world.Sandbox.Phone.Pages("") {
		if scene.About(p.Title+p.Message, number) {
			repeats[p.Key]++
		}
	}
	require.NotEmpty(t, repeats)
	open, err := s.world.Open(ctx, a.Service)
	require.NoError(t, err)
	require.Equal(t, []string{number}, open, "one incident")
}
