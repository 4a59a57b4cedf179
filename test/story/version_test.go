package story_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	temporal "go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/test/scene"
	"github.com/tocsinhq/tocsin/workflows"
)

// runbooksOf starts a process that runs Tocsin's own runbooks, as a build of
// that version does.
func runbooksOf(t *testing.T, s *devstack.Stack, version string) {
	t.Helper()
	config := s.AppConfig()
	config.RunbooksVersion = version
	a, err := app.New(t.Context(), app.Options{
		Config: config, Temporal: temporal.Options{HostPort: s.Engine.FrontendAddr()}, Queues: []string{workflows.Runbooks}, Store: s.Store,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, a.Close(context.WithoutCancel(t.Context()))) })
	require.NoError(t, a.Start(t.Context()))
	_, err = scene.Until(t.Context(), &scene.World{Patience: patience}, "the turn of "+version, func(ctx context.Context) (struct{}, bool) {
		d, err := s.App.Client.WorkerDeploymentClient().GetHandle(workflows.Runbooks).Describe(ctx, temporal.WorkerDeploymentDescribeOptions{})
		return struct{}{}, err == nil && d.Info.RoutingConfig.CurrentVersion != nil && d.Info.RoutingConfig.CurrentVersion.BuildID == version
	})
	require.NoError(t, err)
}

// versionOf returns the version whose workers do a run.
func versionOf(t *testing.T, s *devstack.Stack, run string) string {
	t.Helper()
	d, err := s.App.Client.DescribeWorkflowExecution(t.Context(), run, "")
	require.NoError(t, err)
	return d.GetWorkflowExecutionInfo().GetVersioningInfo().GetDeploymentVersion().GetBuildId()
}

// TestARollbackIsFinishedByTheBuildThatBeganIt has a new build of Tocsin take
// over while a run of the one before waits for its approval.
func TestARollbackIsFinishedByTheBuildThatBeganIt(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: hasten, RunbooksVersion: "build-1"})
	i := &scene.Incident{World: w, Service: "payments", Summary: "1 in 3 payments fails"}
	i.Monitor = scene.Webhook{Service: "payments", Alertname: "PaymentErrors", Summary: i.Summary}
	for _, act := range []func(context.Context) error{i.Break, i.Fire, i.Acknowledge, i.Command, i.Triage} {
		require.NoError(t, act(t.Context()))
	}
	startRun(t, w, i.Number, "rollback", map[string]string{"target": "payments", "below": "0.05", "settle": "2s"})
	asked, err := w.Incident(t.Context(), i.Number, "the question", func(i *client.Incident) bool { return len(i.Questions) > 0 })
	require.NoError(t, err)
	first := scene.RunOf(asked, "rollback").ID
	require.Equal(t, "build-1", versionOf(t, s, first))

	runbooksOf(t, s, "build-2")
	require.NoError(t, w.Insist(t.Context(), scene.Commander, "approve", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AnswerQuestionWithResponse(ctx, i.Number, asked.Questions[0].ID,
			&client.AnswerQuestionParams{IdempotencyKey: key}, client.AnswerQuestionJSONRequestBody{Choice: "approve"})
		return err
	}))
	ended, err := w.Incident(t.Context(), i.Number, "the end", func(i *client.Incident) bool { return !scene.RunOf(i, "rollback").Ended.IsZero() })
	require.NoError(t, err)
	require.Equal(t, incident.RunDone, scene.RunOf(ended, "rollback").State, scene.RunOf(ended, "rollback").Outcome)
	require.Equal(t, "build-1", versionOf(t, s, first), "its own code finished it")

	startRun(t, w, i.Number, "deploy-status", map[string]string{"target": "payments"})
	latest, err := w.Incident(t.Context(), i.Number, "the next run", func(i *client.Incident) bool {
		run := scene.RunOf(i, "deploy-status")
		return run.By == scene.Primary && !run.Ended.IsZero()
	})
	require.NoError(t, err)
	require.Equal(t, "build-2", versionOf(t, s, scene.RunOf(latest, "deploy-status").ID))
}
