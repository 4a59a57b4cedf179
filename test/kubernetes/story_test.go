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
	"github.com/tocsinhq/tocsin/incident"
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

// undo runs what takes the first suspect back, and returns how the run is once
// it fits.
func (s *tocsin) undo(t *testing.T, number string, dry bool, fits func(*client.Incident, incident.Run) bool) incident.Run {
	t.Helper()
	people, err := s.As(scene.Secondary)
	require.NoError(t, err)
	suspects, err := people.ListSuspectsWithResponse(t.Context(), number)
	require.NoError(t, err)
	require.NotEmpty(t, suspects.JSON200.Suspects)
	undo := suspects.JSON200.Suspects[0].Change.Undo
	require.NoError(t, s.Insist(t.Context(), scene.Secondary, "take the change back", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.StartRunWithResponse(ctx, number, &client.StartRunParams{IdempotencyKey: key}, incident.StartRun{Name: undo.Runbook, Params: undo.Params, DryRun: dry})
		return err
	}))
	return s.run(t, number, fits)
}

func (s *tocsin) run(t *testing.T, number string, fits func(*client.Incident, incident.Run) bool) incident.Run {
	t.Helper()
	i, err := s.Incident(t.Context(), number, "the run", func(i *client.Incident) bool {
		return fits(i, scene.RunOf(i, "kubernetes-rollback"))
	})
	require.NoError(t, err)
	return scene.RunOf(i, "kubernetes-rollback")
}

func over(_ *client.Incident, run incident.Run) bool { return !run.Ended.IsZero() }

func asks(i *client.Incident, _ incident.Run) bool {
	return len(i.Questions) > 0 && i.Questions[len(i.Questions)-1].Answer == ""
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

	dry := s.undo(t, i.Number, true, over)
	require.Equal(t, incident.RunDone, dry.State, dry.Outcome)
	require.Zero(t, w.patched(), "a dry run changes nothing")
	s.said(t, i.Number, "would call: roll back main/shop/checkout to revision 1")

	s.undo(t, i.Number, false, asks)
	asked, err := s.Incident(t.Context(), i.Number, "the question", func(i *client.Incident) bool { return asks(i, incident.Run{}) })
	require.NoError(t, err)
	require.NoError(t, s.Insist(t.Context(), scene.Commander, "approve", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AnswerQuestionWithResponse(ctx, i.Number, asked.Questions[len(asked.Questions)-1].ID,
			&client.AnswerQuestionParams{IdempotencyKey: key}, client.AnswerQuestionJSONRequestBody{Choice: "approve"})
		return err
	}))
	w.until(t, "the rollback is asked for", func() bool { return w.patched() == 1 })
	s.restart(t)

	done := s.run(t, i.Number, func(i *client.Incident, run incident.Run) bool { return !run.DryRun && over(i, run) })
	require.Equal(t, incident.RunDone, done.State, done.Outcome)
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
