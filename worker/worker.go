// Package worker says which workflow and which activity runs on which task
// queue, with which limits. It is the one registration of them all.
package worker

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/serve"
	"github.com/tocsinhq/tocsin/runbooks"
	"github.com/tocsinhq/tocsin/workflows"
)

// Parts are the activities that workers run, all those of the queues that are
// served.
type Parts struct {
	Pager     *activities.Pager
	Recorder  *activities.Recorder
	Publisher *activities.Publisher
	Runbooks  *activities.Runbooks
	Sweeper   *activities.Sweeper
	Watcher   *activities.Watcher
	Inspector *activities.Inspector
	Lookout   *activities.Lookout
	Herald    *activities.Herald
	Reviewer  *activities.Reviewer
	// What the runbooks of the library act on, by product.
	HTTP       *activities.HTTP
	SQL        *activities.SQL
	Redis      *activities.Redis
	SSH        *activities.SSH
	Kubernetes *activities.Kubernetes
	GitHub     *activities.GitHub
	Unleash    *activities.Unleash
	// Version is that of the workers of runbooks: what a version has begun, it
	// finishes. See serve.Config; empty is none.
	Version string
}

// Queues lists the task queues, in the order in which workers start.
func Queues() []string {
	return []string{workflows.Incidents, workflows.Records, workflows.Paging, workflows.Integrations, workflows.Runbooks}
}

// New returns the workers of the named queues, not started yet. They stop in
// the order given. Whoever serves the incidents serves their records too.
func New(c client.Client, p Parts, queues ...string) ([]worker.Worker, error) {
	var out []worker.Worker
	if slices.Contains(queues, workflows.Incidents) && !slices.Contains(queues, workflows.Records) {
		queues = append(slices.Clone(queues), workflows.Records)
	}
	for _, queue := range queues {
		if !slices.Contains(Queues(), queue) {
			return nil, fmt.Errorf("there is no task queue %q; the queues are %v", queue, Queues())
		}
		o, err := options(queue, p.Version)
		if err != nil {
			return nil, err
		}
		w := worker.New(c, queue, o)
		Register(w, p, queue)
		out = append(out, w)
	}
	return out, nil
}

func options(queue, version string) (worker.Options, error) {
	// A worker that is stopped at once would run its local activities again after
	// every deploy.
	o := serve.Options()
	switch queue {
	case workflows.Incidents:
		o.MaxConcurrentWorkflowTaskPollers = 8
		o.MaxConcurrentWorkflowTaskExecutionSize = 500
		o.MaxConcurrentLocalActivityExecutionSize = 500
		o.LocalActivityWorkerOnly = true
	case workflows.Paging:
		o.MaxConcurrentActivityTaskPollers = 8
		// Pages that go together wait for one another, and hold no others up.
		o.MaxConcurrentActivityExecutionSize = 2000
	case workflows.Records:
		o.MaxConcurrentActivityTaskPollers = 2
		o.MaxConcurrentActivityExecutionSize = 50
	case workflows.Integrations:
		o.MaxConcurrentActivityTaskPollers = 4
		o.MaxConcurrentActivityExecutionSize = 50
	case workflows.Runbooks:
		return serve.Pinned(o, queue, version)
	}
	return o, nil
}

// Register says which workflows and activities run on a queue.
func Register(w worker.Registry, p Parts, queue string) {
	switch queue {
	case workflows.Incidents:
		w.RegisterWorkflow(workflows.Incident)
		w.RegisterWorkflow(workflows.Sweep)
		w.RegisterWorkflow(workflows.Coverage)
		w.RegisterWorkflow(workflows.Watch)
		w.RegisterWorkflow(workflows.Herald)
		w.RegisterWorkflow(workflows.Noise)
		w.RegisterWorkflowWithOptions(workflows.Announce, workflow.RegisterOptions{Name: runbook.AnnounceType})
		w.RegisterActivity(p.Pager)
		w.RegisterActivity(p.Recorder)
	case workflows.Paging:
		w.RegisterActivity(p.Pager)
	case workflows.Records:
		w.RegisterActivity(p.Recorder)
	case workflows.Integrations:
		w.RegisterActivity(p.Publisher)
		w.RegisterActivity(p.Sweeper)
		w.RegisterActivity(p.Watcher)
		w.RegisterActivity(p.Inspector)
		w.RegisterActivity(p.Lookout)
		w.RegisterActivity(p.Herald)
		w.RegisterActivity(p.Reviewer)
	case workflows.Runbooks:
		w.RegisterActivity(p.Runbooks)
		w.RegisterActivity(p.HTTP)
		w.RegisterActivity(p.SQL)
		w.RegisterActivity(p.Redis)
		w.RegisterActivity(p.SSH)
		w.RegisterActivity(p.Kubernetes)
		w.RegisterActivity(p.GitHub)
		w.RegisterActivity(p.Unleash)
		serve.Register(w, runbooks.All())
	}
}
