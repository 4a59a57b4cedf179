package story_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	temporal "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/api/client"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/serve"
	"github.com/tocsinhq/tocsin/test/scene"
)

// acmeQueue is the task queue of another repository's worker.
const acmeQueue = "acme-runbooks"

// Switches are what that worker changes, with an activity of its own.
type Switches struct {
	mu sync.Mutex
	on []string
}

// Switch switches something on.
func (s *Switches) Switch(_ context.Context, what string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on = append(s.on, what)
	return nil
}

// switched lists what was switched on.
func (s *Switches) switched() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.on)
}

type switchOn string

func (s switchOn) String() string { return "switch " + string(s) + " on" }

func (s switchOn) Make(ctx workflow.Context, _ string) error {
	var a *Switches
	return workflow.ExecuteActivity(ctx, a.Switch, string(s)).Get(ctx, nil)
}

type acmeParams struct {
	Target runbook.Name `about:"the deploy target" from:"service"`
}

// acmeSwitch changes what rollback changes too, and asks a person to go on.
func acmeSwitch(ctx workflow.Context, p acmeParams) error {
	step := runbook.Step{Name: "switch", Change: runbook.Change{Call: switchOn(p.Target), Repeat: runbook.OnceThenAsk}}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	if _, err := runbook.Ask(ctx, "Does it help?", 10*time.Minute, "yes", "no"); err != nil {
		return err
	}
	return runbook.Run(ctx, "deploy-status", map[string]string{"target": string(p.Target)})
}

// acmeLook looks, by what Tocsin's workers do for it.
func acmeLook(ctx workflow.Context, p acmeParams) error {
	now, err := runbook.Deployed(ctx, string(p.Target))
	if err != nil {
		return err
	}
	return runbook.Output(ctx, "What Acme sees", "Acme sees "+now.Revision)
}

func acmeRunbooks() []runbook.Runbook {
	return []runbook.Runbook{
		runbook.New(acmeSwitch, runbook.Spec{Name: "acme-switch", About: "Switches.", Fits: "It is off.", Target: "deploy/{target}"}),
		runbook.New(acmeLook, runbook.Spec{Name: "acme-look", About: "Looks.", Fits: "Always."}),
		runbook.New(acmeLook, runbook.Spec{Name: "rollback", About: "Is Tocsin's.", Fits: "Never."}),
	}
}

// withAcme has the catalog name runbooks of another repository.
func withAcme(c *catalog.Catalog) {
	scene.Cast(c)
	scene.Steady(c)
	s := n(c.Services, func(s catalog.Service) bool { return s.ID == "payments" })
	s.Runbooks = append(s.Runbooks, catalog.RunbookUse{Name: "acme-look", Auto: &catalog.Auto{}})
}

// serveAcme runs the other repository's worker until the test ends.
func serveAcme(t *testing.T, s *devstack.Stack) *Switches {
	t.Helper()
	return serveConfig(t, s, serve.Config{Queue: acmeQueue, Runbooks: acmeRunbooks(), Every: time.Second})
}

func serveConfig(t *testing.T, s *devstack.Stack, config serve.Config) *Switches {
	t.Helper()
	c, err := temporal.Dial(temporal.Options{HostPort: s.Engine.FrontendAddr()})
	require.NoError(t, err)
	switches := &Switches{}
	config.Temporal, config.Activities = c, []any{switches}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve.Run(ctx, config) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		c.Close()
	})
	return switches
}

// TestARunbookOfAnotherRepository is run on an incident as any other is: its
// worker has Temporal and nothing else of Tocsin.
func TestARunbookOfAnotherRepository(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: withAcme})
	switches := serveAcme(t, s)
	served, err := scene.Until(t.Context(), w, "acme's runbooks", func(ctx context.Context) (map[string]client.Runbook, bool) {
		answer, err := as(t, w, scene.Primary).ListRunbooksWithResponse(ctx)
		if err != nil || answer.JSON200 == nil {
			return nil, false
		}
		out := map[string]client.Runbook{}
		for _, b := range answer.JSON200.Runbooks {
			out[b.Name] = b
		}
		return out, !out["acme-switch"].HeardAt.IsZero()
	})
	require.NoError(t, err)
	require.Equal(t, acmeQueue, served["acme-switch"].TaskQueue)
	require.Equal(t, "runbooks", served["rollback"].TaskQueue, "what comes with Tocsin is nobody else's")

	one := fire(t, w, "payments", "Errors")
	_, err = w.Incident(t.Context(), one, "the diagnostic that starts by itself", func(i *client.Incident) bool {
		return scene.RunOf(i, "acme-look").State == incident.RunDone
	})
	require.NoError(t, err)
	outputs, err := as(t, w, scene.Primary).ListOutputsWithResponse(t.Context(), one, &client.ListOutputsParams{})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(outputs.JSON200.Outputs, func(o client.Output) bool { return strings.HasPrefix(o.Body, "Acme sees ") }))

	startRun(t, w, one, "acme-switch", nil)
	asked, err := w.Incident(t.Context(), one, "acme's question", func(i *client.Incident) bool { return len(i.Questions) > 0 })
	require.NoError(t, err)
	require.Equal(t, []string{"payments"}, switches.switched(), "its own worker has made the change")

	two := fire(t, w, "checkout", "OtherErrors")
	startRun(t, w, two, "rollback", map[string]string{"target": "payments", "check": "up", "below": "1"})
	refused, err := w.Incident(t.Context(), two, "the second run of one target", func(i *client.Incident) bool {
		return !scene.RunOf(i, "rollback").Ended.IsZero()
	})
	require.NoError(t, err)
	run := scene.RunOf(refused, "rollback")
	require.Equal(t, incident.RunRefused, run.State)
	require.Contains(t, run.Outcome, "deploy/payments is being changed by "+one+"/runbook/acme-switch/1")

	require.NoError(t, w.Insist(t.Context(), scene.Primary, "say yes", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		_, err := c.AnswerQuestionWithResponse(ctx, one, asked.Questions[0].ID, &client.AnswerQuestionParams{IdempotencyKey: key}, client.AnswerQuestionJSONRequestBody{Choice: "yes"})
		return err
	}))
	ended, err := w.Incident(t.Context(), one, "the end of acme's run", func(i *client.Incident) bool {
		return !scene.RunOf(i, "acme-switch").Ended.IsZero()
	})
	require.NoError(t, err)
	require.Equal(t, incident.RunDone, scene.RunOf(ended, "acme-switch").State, scene.RunOf(ended, "acme-switch").Outcome)
	require.Equal(t, map[string]string{"Switch": acmeQueue}, queuesOf(t, s, one+"/runbook/acme-switch/1"))
	require.Equal(t, map[string]string{"Deployed": "runbooks", "Capture": "records"}, queuesOf(t, s, one+"/runbook/acme-look/1"))

	unknown, err := as(t, w, scene.Primary).StartRunWithResponse(t.Context(), one, &client.StartRunParams{IdempotencyKey: "unknown-1"}, incident.StartRun{Name: "acme-gone"})
	require.Error(t, err)
	require.Nil(t, unknown)
}

func startRun(t *testing.T, w *scene.World, number, name string, params map[string]string) {
	t.Helper()
	require.NoError(t, w.Insist(t.Context(), scene.Primary, "run "+name, func(ctx context.Context, c *client.ClientWithResponses, key string) error {
		answer, err := c.StartRunWithResponse(ctx, number, &client.StartRunParams{IdempotencyKey: key}, incident.StartRun{Name: name, Params: params})
		if err == nil {
			require.Equal(t, http.StatusOK, answer.StatusCode())
		}
		return err
	}))
}

// queuesOf says on which task queue a run had each activity done.
func queuesOf(t *testing.T, s *devstack.Stack, run string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range historyOf(t, s.App.Client, run) {
		if e.GetEventType() == enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			a := e.GetActivityTaskScheduledEventAttributes()
			out[a.GetActivityType().GetName()] = a.GetTaskQueue().GetName()
		}
	}
	return out
}

// acmeFirst and acmeSecond are one runbook before and after it was changed.
func acmeFirst(ctx workflow.Context, p acmeParams) error { return acmeAsks(ctx, p, "first") }

func acmeSecond(ctx workflow.Context, p acmeParams) error { return acmeAsks(ctx, p, "second") }

func acmeAsks(ctx workflow.Context, p acmeParams, version string) error {
	if _, err := runbook.Ask(ctx, "Is this the "+version+"?", 10*time.Minute, "yes"); err != nil {
		return err
	}
	now, err := runbook.Deployed(ctx, string(p.Target))
	if err != nil {
		return err
	}
	if version == "second" { // what the first never did: its history does not replay with this code
		if err := runbook.Wait(ctx, time.Second, "a moment"); err != nil {
			return err
		}
	}
	step := runbook.Step{Name: version, Change: runbook.Change{Call: switchOn(version + " " + now.Target), Repeat: runbook.OnceThenAsk}}
	return runbook.Do(ctx, step)
}

// serveVersion runs a worker of one version of acme's runbook.
func serveVersion(t *testing.T, s *devstack.Stack, version string, run func(workflow.Context, acmeParams) error) *Switches {
	t.Helper()
	list := []runbook.Runbook{runbook.New(run, runbook.Spec{Name: "acme-asks", About: "Is the " + version + ".", Fits: "Always.", Target: "acme/{target}"})}
	return serveConfig(t, s, serve.Config{Queue: acmeQueue, Version: version, Runbooks: list, Every: 500 * time.Millisecond})
}

// TestARunKeepsItsCodeWhileALaterVersionServesNewOnes runs two versions of one
// runbook side by side.
func TestARunKeepsItsCodeWhileALaterVersionServesNewOnes(t *testing.T) {
	t.Parallel()
	s, w := start(t, devstack.Config{Adjust: withAcme})
	offered := func(about string) {
		t.Helper()
		_, err := scene.Until(t.Context(), w, about, func(ctx context.Context) (struct{}, bool) {
			answer, err := as(t, w, scene.Primary).ListRunbooksWithResponse(ctx)
			return struct{}{}, err == nil && answer.JSON200 != nil && slices.ContainsFunc(answer.JSON200.Runbooks, func(b client.Runbook) bool { return b.About == about })
		})
		require.NoError(t, err)
	}
	ask := func(number string) (question, text string) {
		t.Helper()
		startRun(t, w, number, "acme-asks", map[string]string{"target": "payments"})
		i, err := w.Incident(t.Context(), number, "acme's question", func(i *client.Incident) bool { return len(i.Questions) > 0 })
		require.NoError(t, err)
		return i.Questions[0].ID, i.Questions[0].Text
	}
	end := func(number, question string) {
		t.Helper()
		require.NoError(t, w.Insist(t.Context(), scene.Primary, "say yes", func(ctx context.Context, c *client.ClientWithResponses, key string) error {
			_, err := c.AnswerQuestionWithResponse(ctx, number, question, &client.AnswerQuestionParams{IdempotencyKey: key}, client.AnswerQuestionJSONRequestBody{Choice: "yes"})
			return err
		}))
		i, err := w.Incident(t.Context(), number, "the end", func(i *client.Incident) bool { return !scene.RunOf(i, "acme-asks").Ended.IsZero() })
		require.NoError(t, err)
		require.Equal(t, incident.RunDone, scene.RunOf(i, "acme-asks").State, scene.RunOf(i, "acme-asks").Outcome)
	}
	first := serveVersion(t, s, "first", acmeFirst)
	offered("Is the first.")
	one := fire(t, w, "payments", "Errors")
	question, text := ask(one)
	require.Equal(t, "Is this the first?", text)

	second := serveVersion(t, s, "second", acmeSecond)
	offered("Is the second.")
	end(one, question)
	require.Equal(t, []string{"first payments"}, first.switched())
	two := fire(t, w, "checkout", "OtherErrors")
	question, text = ask(two)
	require.Equal(t, "Is this the second?", text)
	end(two, question)
	require.Equal(t, []string{"second payments"}, second.switched())
	require.Equal(t, []string{"first payments"}, first.switched())
	offered("Is the second.")
}
