// Package serve runs runbooks of another repository: a worker of their own, on
// a task queue of their own, with credentials of its own, which tells Tocsin
// what it serves. It needs Temporal and nothing else: no database, and no token
// of Tocsin's API.
//
//	err := serve.Run(ctx, serve.Config{
//		Temporal: client, Queue: "acme-runbooks",
//		Runbooks:   []runbook.Runbook{drainCell()},
//		Activities: []any{&Cells{...}},
//	})
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
)

// Config says what is served.
type Config struct {
	// Temporal is a connection to the namespace that Tocsin uses.
	Temporal client.Client
	// Queue is the task queue of these runbooks, such as "acme-runbooks". It is
	// none of Tocsin's own, and no other worker's with other runbooks.
	Queue    string
	Runbooks []runbook.Runbook
	// Activities are the author's own, as a worker registers them: structs whose
	// exported methods are activities, or functions. What the kit's verbs need is
	// done by Tocsin's workers.
	Activities []any
	// Version names this build, such as a commit: its runs are then finished by
	// workers of the same version, and the first start of a new one has new runs
	// be its own. Without one, a changed runbook needs a new name. Either all
	// workers of a queue have a version or none has.
	Version string
	// Log is slog.Default() when nil.
	Log *slog.Logger
	// Every is the time between two announcements; zero is 5 minutes.
	Every time.Duration
}

// Run serves runbooks until ctx ends, and lets what was begun finish then, for
// ten seconds at most. It fails at once when something of its configuration is
// wrong or when Temporal cannot be reached, and later when Temporal refuses its
// worker for good: whatever supervises the process has to start it again.
func Run(ctx context.Context, c Config) error {
	c.Log = cmp.Or(c.Log, slog.Default())
	if err := c.problem(); err != nil {
		return fmt.Errorf("serve runbooks: %w", err)
	}
	o, err := Pinned(Options(), c.Queue, c.Version)
	if err != nil {
		return fmt.Errorf("serve runbooks: %w", err)
	}
	failed := make(chan error, 1)
	o.OnFatalError = func(err error) { failed <- err }
	w := worker.New(c.Temporal, c.Queue, o)
	if err := c.register(w); err != nil {
		return fmt.Errorf("serve runbooks: %w", err)
	}
	if err := w.Start(); err != nil {
		return fmt.Errorf("serve runbooks: start the worker of %s: %w", c.Queue, err)
	}
	defer w.Stop()
	serving, stop := context.WithCancel(ctx)
	told := make(chan struct{})
	go func() {
		defer close(told)
		newAnnouncer(c).announce(serving)
	}()
	defer func() { stop(); <-told }()
	select {
	case <-ctx.Done():
		return nil
	case err := <-failed:
		return fmt.Errorf("serve runbooks: the worker of %s has stopped: %w", c.Queue, err)
	}
}

// stopWithin is how long a stopping worker lets its activities finish.
const stopWithin = 10 * time.Second

// Options are those of a worker of runbooks, here and in Tocsin.
func Options() worker.Options {
	return worker.Options{
		WorkerStopTimeout:            stopWithin,
		MaxHeartbeatThrottleInterval: activities.BeatEvery, // the SDK would hold beats back for most of their time-out
	}
}

// Register has a worker run runbooks, each under its name, and stand for the
// targets that they change. A target is held by the workflow of one id in the
// namespace, so that one run at a time changes it, whichever queue it is on.
func Register(w worker.WorkflowRegistry, list []runbook.Runbook) {
	w.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	for _, b := range list {
		w.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	}
}

// problem says what is wrong with the configuration, all of it.
func (c Config) problem() error {
	_, unfit := Pinned(Options(), c.Queue, c.Version)
	problems := []error{c.announcement().Problem(), unfit}
	if c.Temporal == nil {
		problems = append(problems, errors.New("there is no connection to Temporal"))
	}
	for _, b := range c.Runbooks {
		found := b.Problems()
		if _, why := runbook.Shelved(b.Spec); len(found) == 0 && why != "" {
			found = append(found, why)
		}
		if len(found) > 0 {
			problems = append(problems, fmt.Errorf("runbook %q: %s", b.Name, strings.Join(found, "; ")))
		}
	}
	return errors.Join(problems...)
}

func (c Config) announcement() runbook.Announcement {
	a := runbook.Announcement{Queue: c.Queue}
	for _, b := range c.Runbooks {
		a.Runbooks = append(a.Runbooks, b.Spec)
	}
	return a
}

// register has a worker run all of it. The SDK says by a panic what it cannot
// register.
func (c Config) register(w worker.Worker) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("register what the worker runs: %v", cause)
		}
	}()
	Register(w, c.Runbooks)
	for _, a := range c.Activities {
		w.RegisterActivity(a)
	}
	return nil
}
