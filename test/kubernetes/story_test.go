package kubernetes_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdk "go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/demo"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/test/replay"
	"github.com/tocsinhq/tocsin/test/scene"
	"github.com/tocsinhq/tocsin/worker"
)

// tocsin is a whole Tocsin that acts on the world and watches its rollouts.
type tocsin struct {
	*devstack.Stack
	*scene.World
	clusters map[string]*kubernetes.Cluster
}

func (w *world) tocsinOf(t *testing.T, adjust func(*catalog.Catalog)) *tocsin {
	t.Helper()
	s := &tocsin{clusters: map[string]*kubernetes.Cluster{"main": w.client}}
	var err error
	s.Stack, err = devstack.Start(t.Context(), devstack.Config{Adjust: adjust, Clusters: s.clusters})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stack.Close(context.WithoutCancel(t.Context()))) })
	s.World = &scene.World{Sandbox: s.Stack.Sandbox, API: s.URL(), Tokens: s.Stack.Tokens, Patience: 2 * time.Minute, Say: t.Logf}
	w.until(t, "it watches", func() bool { return w.watched("shop") })
	return s
}

// restart ends the processes of Tocsin and starts them anew.
func (s *tocsin) restart(t *testing.T) {
	t.Helper()
	require.NoError(t, s.App.Close(t.Context()))
	var err error
	s.App, err = app.New(t.Context(), app.Options{
		Config: s.AppConfig(), Temporal: sdk.Options{HostPort: s.Engine.FrontendAddr()},
		API: true, Intake: true, Queues: worker.Queues(), Store: s.Store, Clusters: s.clusters,
	})
	require.NoError(t, err)
	require.NoError(t, s.App.Start(t.Context()))
}

func TestABadRolloutIsSuspectedAndTakenBackThoughTocsinIsRestartedInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.deploy(t, "shop:1", "release 1")
	w.settled(t)
	s := w.tocsinOf(t, func(c *catalog.Catalog) {
		scene.Cast(c)
		demo.Hasten(c)
		for n := range c.Services {
			if c.Services[n].ID == "payments" {
				c.Services[n].Changes = catalog.Changes{Deployments: []string{"main/shop/checkout"}}
			}
		}
	})
	w.deploy(t, broken, "release 2")
	_, err := scene.Until(t.Context(), s.World, "the rollout as a change", func(ctx context.Context) (struct{}, bool) {
		c, err := s.As(scene.Primary)
		require.NoError(t, err)
		list, err := c.ListChangesWithResponse(ctx, &client.ListChangesParams{Source: kubernetes.Source})
		return struct{}{}, err == nil && len(list.JSON200.Changes) > 0 && list.JSON200.Changes[0].Version == broken
	})
	require.NoError(t, err)

	i := &scene.Incident{World: s.World, Service: "payments", Summary: "1 in 3 payments fails"}
	i.Monitor = scene.Webhook{Service: "payments", Alertname: "PaymentErrors", Summary: i.Summary, Since: time.Now()}
	for _, act := range []func(context.Context) error{i.Fire, i.Acknowledge, i.Command, i.Triage} {
		require.NoError(t, act(t.Context()))
	}
	first := s.World.Sandbox.Phone.Pages("")[0].Message
	require.Contains(t, first, "Suspect: payments shop:broken (deployment): ", "the first page names it")

	require.NoError(t, i.TakeBack(t.Context(), true))
	_, err = i.Done(t.Context(), "kubernetes-rollback", true)
	require.NoError(t, err)
	require.Zero(t, w.patched(), "a dry run changes nothing")
	s.said(t, i.Number, "would call: roll back main/shop/checkout to revision 1")

	require.NoError(t, i.TakeBack(t.Context(), false))
	asked, err := i.Asked(t.Context())
	require.NoError(t, err)
	require.NoError(t, i.Approve(t.Context(), asked))
	w.until(t, "the rollback is asked for", func() bool { return w.patched() == 1 })
	s.restart(t)

	done, err := i.Done(t.Context(), "kubernetes-rollback", false)
	require.NoError(t, err)
	require.Equal(t, 1, w.patched(), "it is taken back once")
	require.Equal(t, "shop:1", w.image(t))
	w.settled(t)
	replay.Record(t, s.App.Client, done.ID, "../../runbooks/testdata", "kubernetes-rollback-1")
}

// said requires that the timeline of an incident says something.
func (s *tocsin) said(t *testing.T, number, words string) {
	t.Helper()
	list, err := s.Timeline(t.Context(), number)
	require.NoError(t, err)
	var all []string
	for _, e := range list {
		all = append(all, e.Text)
	}
	require.Contains(t, strings.Join(all, "\n"), words)
}
