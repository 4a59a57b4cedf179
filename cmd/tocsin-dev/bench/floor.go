package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const (
	floorQueue = "bench-floor"
	floorTopic = "floor"
)

// floor is the least that the engine can do: nothing but one page.
type floor struct {
	client client.Client
	worker worker.Worker
	http   *http.Client
	url    string

	mu      sync.Mutex
	runs    []client.WorkflowRun
	refused int
	last    error
}

func newFloor(temporal, sink string) (*floor, error) {
	c, err := client.Dial(client.Options{HostPort: temporal, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		return nil, fmt.Errorf("connect the floor: %w", err)
	}
	f := &floor{client: c, http: &http.Client{Transport: transport()}, url: sink}
	f.worker = worker.New(c, floorQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 8, MaxConcurrentWorkflowTaskExecutionSize: 500, MaxConcurrentLocalActivityExecutionSize: 500,
	})
	f.worker.RegisterWorkflow(Floor)
	f.worker.RegisterActivity(f)
	if err := f.worker.Start(); err != nil {
		c.Close()
		return nil, fmt.Errorf("start the floor's worker: %w", err)
	}
	return f, nil
}

func (f *floor) close() {
	f.worker.Stop()
	f.client.Close()
}

// start starts one workflow, and returns when the engine has answered. What an
// overloaded engine refuses is counted.
func (f *floor) start(ctx context.Context, alert string) {
	run, err := f.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: alert, TaskQueue: floorQueue, EnableEagerStart: true,
	}, Floor, alert)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.refused++
		f.last = fmt.Errorf("start the floor's %s: %w", alert, err)
		return
	}
	f.runs = append(f.runs, run)
}

// settle waits until every workflow has ended, so that nothing of the floor
// works beside what is measured next.
func (f *floor) settle(ctx context.Context) error {
	for _, run := range f.runs {
		if err := run.Get(ctx, nil); err != nil {
			return fmt.Errorf("end the floor's %s: %w", run.GetID(), err)
		}
	}
	return nil
}

// Floor is a workflow that hands one page over and ends.
func Floor(ctx workflow.Context, alert string) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: 2 * time.Second})
	var f *floor
	return workflow.ExecuteLocalActivity(ctx, f.Post, alert).Get(ctx, nil)
}

// Post hands a page over that looks like Tocsin's.
func (f *floor) Post(ctx context.Context, alert string) error {
	body := fmt.Sprintf(`{"topic":%q,"title":%q,"message":%q,"priority":5}`, floorTopic, alert, strings.Repeat("why it pages ", 40))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := f.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the receiver answered %s", resp.Status)
	}
	return nil
}

// transport keeps as many connections open as a burst uses.
func transport() *http.Transport {
	return &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute}
}
