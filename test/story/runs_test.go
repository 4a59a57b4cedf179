package story_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"
	temporal "go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/serve"
	"github.com/tocsinhq/tocsin/test/scene"
)

const (
	runsQueue = "runs"
	// heard asks an Ear what it was told.
	heard = "heard"
)

// Ear stands in for an incident, and hears what its runs tell.
func Ear(ctx workflow.Context) error {
	var kinds []runbook.Kind
	if err := workflow.SetQueryHandler(ctx, heard, func() ([]runbook.Kind, error) { return kinds, nil }); err != nil {
		return err
	}
	var r runbook.Report
	for workflow.GetSignalChannel(ctx, runbook.ReportSignal).Receive(ctx, &r) {
		for _, one := range r.All() {
			kinds = append(kinds, one.Kind)
		}
		r = runbook.Report{}
	}
	return nil
}

type nothing struct{}

func asks(ctx workflow.Context, _ nothing) error {
	_, err := runbook.Ask(ctx, "Which?", time.Hour, "left", "right")
	return err
}

// asksBeside asks in one branch, while the other fails.
func asksBeside(ctx workflow.Context, p nothing) error {
	return runbook.Parallel(ctx,
		func(ctx workflow.Context) error { return asks(ctx, p) },
		func(ctx workflow.Context) error {
			return errors.Join(runbook.Wait(ctx, time.Second, "for calm"), errors.New("it is not calm"))
		},
	)
}

// stammers fails with a text that was cut in the midst of a letter.
func stammers(workflow.Context, nothing) error { return errors.New("the host says: caf\xc3") }

// flood is a reading that brings a hundred megabytes to light.
type flood struct{}

func (flood) String() string { return "the whole log" }

func (flood) Read(ctx workflow.Context) (text string, err error) {
	err = workflow.ExecuteActivity(ctx, Flood).Get(ctx, &text)
	return text, err
}

// Flood returns more than the engine takes.
func Flood(context.Context) (string, error) { return strings.Repeat("x", 100<<20), nil }

// reads looks at it.
func reads(ctx workflow.Context, _ nothing) error {
	_, err := runbook.Look(ctx, flood{})
	return err
}

// spinner counts how often a runbook came to compute without end, until stopped.
type spinner struct {
	spins   atomic.Int32
	stopped chan bool
}

var spinning = spinner{stopped: make(chan bool)}

// spins loops after something that is no verb.
func spins(ctx workflow.Context, _ nothing) error {
	if err := workflow.Sleep(ctx, time.Millisecond); err != nil {
		return err
	}
	spinning.spins.Add(1)
	for {
		select {
		case <-spinning.stopped:
			return nil
		default:
			runtime.Gosched()
		}
	}
}

// TestWhatOnlyTheEngineShowsOfARun holds what the engine's test environment does
// otherwise than the engine, or not at all.
func TestWhatOnlyTheEngineShowsOfARun(t *testing.T) {
	t.Parallel()
	engine, err := devstack.StartEngine(t.Context(), devserver.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	c, err := temporal.Dial(temporal.Options{HostPort: engine.FrontendAddr(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, runsQueue, serve.Options())
	serve.Register(w, []runbook.Runbook{
		runbook.New(asks, runbook.Spec{Name: "asks", About: "Asks.", Fits: "Always."}),
		runbook.New(asksBeside, runbook.Spec{Name: "asks-beside", About: "Asks and fails.", Fits: "Never."}),
		runbook.New(spins, runbook.Spec{Name: "spins", About: "Spins.", Fits: "Never."}),
		runbook.New(reads, runbook.Spec{Name: "reads", About: "Reads.", Fits: "Never."}),
		runbook.New(stammers, runbook.Spec{Name: "stammers", About: "Fails.", Fits: "Never."}),
	})
	w.RegisterWorkflow(Ear)
	w.RegisterActivity(Flood)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	begin := func(t *testing.T, name string) temporal.WorkflowRun {
		t.Helper()
		number := "INC-" + name
		_, err := c.ExecuteWorkflow(t.Context(), temporal.StartWorkflowOptions{ID: number, TaskQueue: runsQueue}, Ear)
		require.NoError(t, err)
		run, err := c.ExecuteWorkflow(t.Context(), temporal.StartWorkflowOptions{ID: number + "/runbook/" + name + "/1", TaskQueue: runsQueue}, name,
			runbook.Input{Facts: runbook.Facts{Incident: number}, By: "alice"})
		require.NoError(t, err)
		return run
	}
	asked := func(t *testing.T, run temporal.WorkflowRun) {
		t.Helper()
		_, err := scene.Until(t.Context(), &scene.World{Patience: patience}, "the question of "+run.GetID(), func(ctx context.Context) (struct{}, bool) {
			var kinds []runbook.Kind
			value, err := c.QueryWorkflow(ctx, "INC-asks", "", heard)
			return struct{}{}, err == nil && value.Get(&kinds) == nil && len(kinds) > 1
		})
		require.NoError(t, err)
	}
	end := func(t *testing.T, run temporal.WorkflowRun) error {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := run.Get(ctx, nil)
		require.NoError(t, ctx.Err(), "it has not ended")
		return err
	}

	t.Run("it can be looked at while it waits, also when its worker does it anew for that, and cancelled", func(t *testing.T) {
		run := begin(t, "asks")
		asked(t, run)
		_, err := c.WorkflowService().ResetStickyTaskQueue(t.Context(), &workflowservice.ResetStickyTaskQueueRequest{
			Namespace: temporal.DefaultNamespace, Execution: &common.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()},
		})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		value, err := c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), temporal.QueryTypeStackTrace)
		require.NoError(t, err)
		var stack string
		require.NoError(t, value.Get(&stack))
		require.Contains(t, stack, "story_test.asks")

		value, err = c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), "__temporal_workflow_metadata")
		require.NoError(t, err)
		var shown sdk.WorkflowMetadata
		require.NoError(t, value.Get(&shown))
		require.Contains(t, shown.GetCurrentDetails(), "asks for INC-asks", "Temporal's UI shows how it goes")
		require.Contains(t, shown.GetCurrentDetails(), "Which?")

		require.NoError(t, c.CancelWorkflow(t.Context(), run.GetID(), ""))
		require.ErrorContains(t, end(t, run), "canceled")
	})
	t.Run("a branch that fails ends the question of another", func(t *testing.T) {
		require.ErrorContains(t, end(t, begin(t, "asks-beside")), "it is not calm")
	})
	t.Run("it ends whatever its error says", func(t *testing.T) {
		require.ErrorContains(t, end(t, begin(t, "stammers")), fmt.Sprintf("the host says: caf%c", '\uFFFD'))
	})
	t.Run("it ends when it reads a hundred megabytes", func(t *testing.T) {
		require.ErrorContains(t, end(t, begin(t, "reads")), "the whole log cannot be read: ")
	})
	t.Run("a loop takes one processor, however often its task is tried", func(t *testing.T) {
		defer close(spinning.stopped)
		run := begin(t, "spins")
		_, err := scene.Until(t.Context(), &scene.World{Patience: patience}, "two tries", func(ctx context.Context) (struct{}, bool) {
			d, err := c.DescribeWorkflowExecution(ctx, run.GetID(), "")
			return struct{}{}, err == nil && d.GetPendingWorkflowTask().GetAttempt() > 2
		})
		require.NoError(t, err)
		require.EqualValues(t, 1, spinning.spins.Load())
	})
}
