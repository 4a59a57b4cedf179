package kill_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// TestAStepHappensOnceWhoeverDies kills the worker of a runbook of five steps at
// each moment of each of them, for each way to make a repeat safe, and while it
// is undone; what the target says was done to it is asked.
func TestAStepHappensOnceWhoeverDies(t *testing.T) {
	t.Parallel()
	engine, err := devstack.StartEngine(t.Context(), devserver.Config{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	c, err := client.Dial(client.Options{HostPort: engine.FrontendAddr(), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, hearerQueue, worker.Options{})
	w.RegisterWorkflow(Hearer)
	all := &anvils{list: map[string]*anvil{}}
	w.RegisterActivityWithOptions(all.Decide, activity.RegisterOptions{Name: "Decide"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	var group errgroup.Group
	group.SetLimit(16)
	for _, repeat := range []runbook.Repeat{runbook.ByKey, runbook.CheckThenAct, runbook.OnceThenAsk} {
		for _, when := range moments {
			for step := 1; step <= 5; step++ {
				group.Go(func() error {
					return hammered(t, c, engine.FrontendAddr(), all, blow{repeat: repeat, when: when, nth: step})
				})
			}
			// The third step is refused; calls four and five undo two and one.
			for nth := 4; nth <= 5; nth++ {
				group.Go(func() error {
					return hammered(t, c, engine.FrontendAddr(), all, blow{repeat: repeat, when: when, nth: nth, fails: true})
				})
			}
		}
	}
	require.NoError(t, group.Wait())
}

// moment is when a worker dies: before the target does what a call asks for,
// after it did but before it answers, or right after its answer.
type moment string

var moments = []moment{"before", "within", "after"}

// blow is one kill, at the nth call that changes something.
type blow struct {
	repeat runbook.Repeat
	when   moment
	nth    int
	// fails has the third step be refused.
	fails bool
}

func (b blow) name() string {
	way := map[runbook.Repeat]string{runbook.ByKey: "key", runbook.CheckThenAct: "check", runbook.OnceThenAsk: "ask"}[b.repeat]
	return fmt.Sprintf("%s-%s-%d-%t", way, b.when, b.nth, b.fails)
}

// hammered plays one blow and asks the target what was done to it.
func hammered(t *testing.T, c client.Client, engine string, all *anvils, b blow) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a := &anvil{blow: b, state: map[string]string{}, keys: map[string]bool{}}
	server := httptest.NewServer(a)
	defer server.Close()
	all.add("INC-"+b.name(), a)
	a.smith = &process{
		name: b.name(), path: os.Args[0], log: io.Discard,
		env: []string{envServe + "=" + serveSteps, envEngine + "=" + engine, envAnvil + "=" + server.URL, envQueue + "=steps-" + b.name()},
	}
	if err := a.smith.Restart(ctx); err != nil {
		return err
	}
	defer func() { _ = a.smith.Kill() }()
	number := "INC-" + b.name()
	hearer, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: number, TaskQueue: hearerQueue}, Hearer, number)
	if err != nil {
		return err
	}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: incident.RunID(number, "hammer", 1), TaskQueue: "steps-" + b.name()}, "hammer",
		runbook.Input{Facts: runbook.Facts{Incident: number}, By: "test", Given: map[string]string{"name": b.name(), "repeat": fmt.Sprint(int(b.repeat))}})
	if err != nil {
		return err
	}
	ended := run.Get(ctx, nil)
	if err := c.SignalWorkflow(ctx, number, hearer.GetRunID(), "enough", nil); err != nil {
		return err
	}
	return errors.Join(a.judge(ended), ctx.Err())
}

// anvil is the target: it does what it is told, says what it did, and has the
// worker die once.
type anvil struct {
	blow  blow
	smith *process

	mu      sync.Mutex
	state   map[string]string
	keys    map[string]bool
	effects []string
	calls   int
	struck  bool
}

func (a *anvil) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	step, key := r.URL.Query().Get("step"), r.URL.Query().Get("key")
	if r.Method == http.MethodGet {
		a.mu.Lock()
		defer a.mu.Unlock()
		_, _ = io.WriteString(w, a.state[step])
		return
	}
	a.mu.Lock()
	a.calls++
	strike := a.calls == a.blow.nth && !a.struck
	a.struck = a.struck || strike
	a.mu.Unlock()
	if strike && a.blow.when == "before" {
		a.die() //nolint:contextcheck // it outlives the request
		return
	}
	refused := a.do(step, r.URL.Query().Get("to"), key)
	if strike && a.blow.when == "within" {
		a.die() //nolint:contextcheck // it outlives the request
		return
	}
	if refused {
		w.WriteHeader(http.StatusForbidden)
	}
	if strike {
		go a.die() //nolint:contextcheck // it outlives the request
	}
}

// do does what a call asks for: the same key once.
func (a *anvil) do(step, to, key string) (refused bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.blow.fails && step == "3" {
		return true
	}
	if a.blow.repeat == runbook.ByKey && a.keys[key] {
		return false
	}
	a.keys[key] = true
	a.state[step] = to
	a.effects = append(a.effects, step+" "+to)
	return false
}

// die kills the worker, and starts it again as a supervisor does.
func (a *anvil) die() {
	_ = a.smith.Kill()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = a.smith.Restart(ctx)
}

// judge says what was done to the target that should not have been, or not.
func (a *anvil) judge(ended error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	want := "1 on, 2 on, 3 on, 4 on, 5 on"
	if a.blow.fails {
		want = "1 on, 2 on, 2 off, 1 off"
	}
	got := strings.Join(a.effects, ", ")
	switch {
	case got != want:
		return errors.Join(fmt.Errorf("%s: done were %s; wanted %s", a.blow.name(), got, want), ended)
	case a.blow.fails != (ended != nil):
		return errors.Join(errors.New(a.blow.name()+" ended otherwise"), ended)
	case !a.struck:
		return fmt.Errorf("%s: nobody died", a.blow.name())
	}
	return nil
}

// anvils finds the target of an incident.
type anvils struct {
	mu   sync.Mutex
	list map[string]*anvil
}

func (s *anvils) add(number string, a *anvil) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list[number] = a
}

// Decide answers a question as a person would who has looked at the target.
func (s *anvils) Decide(_ context.Context, number string, q runbook.Question) (string, error) {
	s.mu.Lock()
	a := s.list[number]
	s.mu.Unlock()
	if strings.Contains(q.Text, "Undo ") {
		return "undo", nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for step := range 6 {
		for _, to := range []string{"on", "off"} {
			if strings.Contains(q.Text, fmt.Sprintf("turn %d %s ", step, to)) && a.state[fmt.Sprint(step)] == to {
				return "it happened", nil
			}
		}
	}
	return "try again", nil
}

const hearerQueue = "hearers"

// Hearer stands for an incident: it hears a run, and has somebody answer.
func Hearer(ctx workflow.Context, number string) error {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			var rep runbook.Report
			workflow.GetSignalChannel(ctx, runbook.ReportSignal).Receive(ctx, &rep)
			for _, one := range rep.All() {
				if one.Kind == runbook.Asked {
					answerTo(ctx, number, one)
				}
			}
		}
	})
	workflow.GetSignalChannel(ctx, "enough").Receive(ctx, nil)
	return nil
}

func answerTo(ctx workflow.Context, number string, rep runbook.Report) {
	var s *anvils
	var choice string
	within := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	if workflow.ExecuteActivity(within, s.Decide, number, *rep.Question).Get(ctx, &choice) == nil {
		_ = workflow.SignalExternalWorkflow(ctx, rep.Run, "", runbook.AnswerSignal,
			runbook.Answer{Question: rep.Question.ID, Choice: choice, By: "bob"}).Get(ctx, nil)
	}
}

// What a process that serves steps is told.
const (
	serveSteps = "steps"
	envAnvil   = "TOCSIN_KILL_ANVIL"
	envQueue   = "TOCSIN_KILL_QUEUE"
)

// serveHammer serves the runbook whose worker dies.
func serveHammer() error {
	c, err := client.Dial(client.Options{HostPort: os.Getenv(envEngine)})
	if err != nil {
		return err
	}
	w := worker.New(c, os.Getenv(envQueue), worker.Options{})
	b := runbook.New(Hammer, runbook.Spec{Name: "hammer", About: "Turns five things on.", Fits: "Tests.", Target: "anvil/{name}"})
	w.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	w.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	w.RegisterActivity(&activities.Runbooks{Targets: activities.TemporalRuns{Client: c}})
	w.RegisterActivity(&smith{url: os.Getenv(envAnvil)})
	return w.Start()
}

// smith makes the calls of the steps.
type smith struct{ url string }

// Turn turns something of the target on or off.
func (s *smith) Turn(ctx context.Context, step, to, key string) error {
	_, err := s.ask(ctx, http.MethodPost, url.Values{"step": {step}, "to": {to}, "key": {key}})
	return err
}

// Is says whether something of the target is on.
func (s *smith) Is(ctx context.Context, step string) (string, error) {
	return s.ask(ctx, http.MethodGet, url.Values{"step": {step}})
}

func (s *smith) ask(ctx context.Context, method string, values url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/?"+values.Encode(), nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode == http.StatusForbidden {
		return "", temporal.NewNonRetryableApplicationError("it is forbidden", string(incident.Forbidden), nil)
	}
	return string(body), err
}

// turn is the call of a step.
type turn struct{ step, to string }

func (c turn) String() string { return fmt.Sprintf("turn %s %s (at the anvil)", c.step, c.to) }

func (c turn) Make(ctx workflow.Context, key string) error {
	var s *smith
	return activities.Known(workflow.ExecuteActivity(ctx, s.Turn, c.step, c.to, key).Get(ctx, nil))
}

// is reads whether something is on.
type is string

func (r is) String() string { return "thing " + string(r) }

func (r is) Read(ctx workflow.Context) (state string, err error) {
	var s *smith
	err = workflow.ExecuteActivity(ctx, s.Is, string(r)).Get(ctx, &state)
	return state, err
}

type hammerParams struct {
	Name   runbook.Name `about:"what is hammered"`
	Repeat int          `about:"how a repeat is safe"`
}

// Hammer turns five things on, one after the other.
func Hammer(ctx workflow.Context, p hammerParams) error {
	for n := 1; n <= 5; n++ {
		step := fmt.Sprint(n)
		change := func(to string) runbook.Change {
			return runbook.Change{Call: turn{step, to}, Repeat: runbook.Repeat(p.Repeat), Done: runbook.Expect(is(step), to)}
		}
		undo := change("off")
		if err := runbook.Do(ctx, runbook.Step{Name: "turn " + step + " on", Change: change("on"), Undo: &undo}); err != nil {
			return err
		}
	}
	return nil
}
