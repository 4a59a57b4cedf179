package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

const (
	// maxStepEvents is what a step of a runbook should cost in history at most,
	// and maxStepTimes how many times as long as a bare activity it may take.
	maxStepEvents = 6
	maxStepTimes  = 3
	// listenSignal ends a listener.
	listenSignal = "enough"
)

// Steps is what the steps of runbooks cost, beside bare activities of the same
// engine and worker.
type Steps struct {
	Load float64 `json:"load"`
	// Step and Activity are how long one took in a row of many, in one run.
	Step     float64 `json:"step_ms"`
	Activity float64 `json:"activity_ms"`
	// Events is what one more step costs the history of its run, Fixed what a run
	// costs without one.
	Events float64 `json:"events"`
	Fixed  float64 `json:"fixed_events"`
	// Runs at once made PerSecond steps a second, and Bare as many workflows
	// BarePerSecond activities.
	Runs          int     `json:"runs"`
	PerRun        int     `json:"steps_per_run"`
	PerSecond     float64 `json:"per_second"`
	BarePerSecond float64 `json:"bare_per_second"`
	// Failed counts the runs that did not end as done, Calls the calls that came
	// beyond one for each step.
	Failed int `json:"failed"`
	Extra  int `json:"extra_calls"`
}

// counter is the world that steps change.
type counter struct{ calls atomic.Int64 }

// Touch is the least that a step can do.
func (c *counter) Touch(context.Context, string) error {
	c.calls.Add(1)
	return nil
}

// touch is the call of a step.
type touch string

func (t touch) String() string { return "touch " + string(t) }

func (t touch) Make(ctx workflow.Context, key string) error {
	var c *counter
	return activities.Known(workflow.ExecuteActivity(ctx, c.Touch, key).Get(ctx, nil))
}

type stepsParams struct {
	Name  runbook.Name `about:"what is touched"`
	Steps int          `about:"how often"`
}

func benchSteps() runbook.Runbook {
	return runbook.New(TouchAll, runbook.Spec{
		Name: "bench-steps", About: "Touches something again and again.", Fits: "The bench.", Target: "bench/{name}",
	})
}

// TouchAll is a runbook of steps that do nothing.
func TouchAll(ctx workflow.Context, p stepsParams) error {
	for n := range p.Steps {
		s := runbook.Step{Name: fmt.Sprint("step ", n), Change: runbook.Change{Call: touch(p.Name), Repeat: runbook.ByKey}}
		if err := runbook.Do(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// Bare is as many activities in a row, and nothing else.
func Bare(ctx workflow.Context, steps int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var c *counter
	for range steps {
		if err := workflow.ExecuteActivity(ctx, c.Touch, "bare").Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Listener stands for the incident of a run: it hears what it is told.
func Listener(ctx workflow.Context) error {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			workflow.GetSignalChannel(ctx, runbook.ReportSignal).Receive(ctx, nil)
		}
	})
	workflow.GetSignalChannel(ctx, listenSignal).Receive(ctx, nil)
	return nil
}

// stand is the engine with one worker, which serves everything.
type stand struct {
	engine  *devserver.Server
	client  client.Client
	worker  worker.Worker
	counter *counter
}

func newStand(ctx context.Context, quiet *slog.Logger) (s *stand, err error) {
	s = &stand{counter: &counter{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.engine, err = devstack.StartEngine(ctx, devserver.Config{Logger: quiet}); err != nil {
		return s, err
	}
	s.client, err = client.Dial(client.Options{HostPort: s.engine.FrontendAddr(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return s, fmt.Errorf("connect the bench of steps: %w", err)
	}
	s.worker = worker.New(s.client, runbook.TaskQueue, worker.Options{})
	s.worker.RegisterWorkflow(Bare)
	s.worker.RegisterWorkflow(Listener)
	b := benchSteps()
	s.worker.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	s.worker.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	s.worker.RegisterActivityWithOptions(s.counter.Touch, activity.RegisterOptions{Name: "Touch"})
	s.worker.RegisterActivity(&activities.Runbooks{Targets: activities.TemporalRuns{Client: s.client}})
	if err := s.worker.Start(); err != nil {
		return s, fmt.Errorf("start the worker of the steps: %w", err)
	}
	return s, nil
}

func (s *stand) close() error {
	if s.worker != nil {
		s.worker.Stop()
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.engine != nil {
		return s.engine.Close()
	}
	return nil
}

// run makes a run of so many steps, with an incident that listens, and returns
// how long it took and the events of its history.
func (s *stand) run(ctx context.Context, name string, steps int) (took time.Duration, events int, err error) {
	number := "INC-" + name
	heard, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: number, TaskQueue: runbook.TaskQueue}, Listener)
	if err != nil {
		return 0, 0, fmt.Errorf("start a listener: %w", err)
	}
	began := time.Now()
	in := runbook.Input{Facts: runbook.Facts{Incident: number}, Given: map[string]string{"name": name, "steps": fmt.Sprint(steps)}, By: "bench"}
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: incident.RunID(number, "bench-steps", 1), TaskQueue: runbook.TaskQueue,
	}, "bench-steps", in)
	if err == nil {
		err = run.Get(ctx, nil)
	}
	took = time.Since(began)
	if err == nil {
		events, err = s.events(ctx, run)
	}
	return took, events, errors.Join(err, s.client.SignalWorkflow(ctx, number, heard.GetRunID(), listenSignal, nil))
}

func (s *stand) bare(ctx context.Context, name string, steps int) (time.Duration, error) {
	began := time.Now()
	run, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "bare-" + name, TaskQueue: runbook.TaskQueue}, Bare, steps)
	if err == nil {
		err = run.Get(ctx, nil)
	}
	return time.Since(began), err
}

func (s *stand) events(ctx context.Context, run client.WorkflowRun) (n int, err error) {
	all := s.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for ; all.HasNext(); n++ {
		if _, err := all.Next(); err != nil {
			return n, fmt.Errorf("read a history: %w", err)
		}
	}
	return n, nil
}

// steps measures what steps of runbooks cost.
func (b *bench) steps(ctx context.Context) (err error) {
	out := Steps{Load: loadAverage(), Runs: b.plan.runs, PerRun: 5}
	s, err := newStand(ctx, b.config.Log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.one(ctx, b.plan.row, &out); err != nil {
		return err
	}
	before := s.counter.calls.Load()
	took, failed := s.many(out.Runs, func(n int) error {
		_, _, err := s.run(ctx, fmt.Sprint("many-", n), out.PerRun)
		return err
	})
	out.PerSecond, out.Failed = float64(out.Runs*out.PerRun)/took.Seconds(), failed
	out.Extra = int(s.counter.calls.Load()-before) - out.Runs*out.PerRun
	took, failed = s.many(out.Runs, func(n int) error {
		_, err := s.bare(ctx, fmt.Sprint("many-", n), out.PerRun)
		return err
	})
	out.BarePerSecond = float64(out.Runs*out.PerRun) / took.Seconds()
	out.Failed += failed
	b.report.Steps = &out
	b.report.aim("history events of a step", out.Events, maxStepEvents)
	b.report.aim("time of a step, times a bare activity", over(out.Step, out.Activity), maxStepTimes)
	return nil
}

// rounds is how often each is measured. The fastest counts: one task that the
// engine loses, and misses after ten seconds, would be all that is seen.
const rounds = 4

// one measures one run after the other, of few steps and of many: the
// difference is what steps cost.
func (s *stand) one(ctx context.Context, row int, out *Steps) error {
	fastest := map[string]time.Duration{}
	keep := func(what string, took time.Duration) {
		if best, known := fastest[what]; !known || took < best {
			fastest[what] = took
		}
	}
	events := map[string]int{}
	for round := range rounds {
		for what, steps := range map[string]int{"short": row, "long": 3 * row} {
			name := fmt.Sprintf("one-%d-%s", round, what)
			took, n, err := s.run(ctx, name, steps)
			if err != nil {
				return err
			}
			events[what] = n
			keep(what, took)
			if took, err = s.bare(ctx, name, steps); err != nil {
				return err
			}
			keep("bare "+what, took)
		}
	}
	each := float64(2 * row)
	out.Step, out.Activity = ms(fastest["long"]-fastest["short"])/each, ms(fastest["bare long"]-fastest["bare short"])/each
	out.Events = float64(events["long"]-events["short"]) / each
	out.Fixed = float64(events["short"]) - out.Events*float64(row)
	return nil
}

// many does something many times at once, and counts what failed.
func (s *stand) many(n int, do func(n int) error) (took time.Duration, failed int) {
	var group sync.WaitGroup
	var lost atomic.Int64
	began := time.Now()
	for i := range n {
		group.Go(func() {
			if do(i) != nil {
				lost.Add(1)
			}
		})
	}
	group.Wait()
	return time.Since(began), int(lost.Load())
}
