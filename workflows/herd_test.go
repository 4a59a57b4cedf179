package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/workflows"
)

// herd plays several incidents at once, from 02:00 on, which signal and start
// each other as they do on a server.
type herd struct {
	*world
	t      *testing.T
	env    *testsuite.TestWorkflowEnvironment
	states []workflows.State
	// answers are the outcomes and refusals of commands.
	answers map[string]string
}

// several starts incidents, each with one alert of the name of its key, whose
// first level is a schedule of the name of its number.
func several(t *testing.T, numbers ...string) *herd {
	t.Helper()
	h := &herd{world: newWorld(), t: t, answers: map[string]string{}}
	for _, number := range numbers {
		p := quiet()
		p.Escalation.Levels = slices.Clone(p.Escalation.Levels)
		p.Escalation.Levels[0].Targets = slices.Clone(p.Escalation.Levels[0].Targets)
		p.Escalation.Levels[0].Targets[0].Schedule = number
		h.duty[number] = "first of " + number
		o := opening(p)
		o.Number, o.Key, o.Title = number, "key of "+number, "Title of "+number
		state := workflows.NewState(incident.New(o), []alerts.Alert{fire("alert of "+number, "02:00")}, 0)
		state.Unlisted = true
		h.states = append(h.states, state)
	}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	h.env = suite.NewTestWorkflowEnvironment()
	h.now = h.env.Now
	h.env.SetStartTime(clock("02:00"))
	h.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: "stage", TaskQueue: workflows.Incidents})
	h.env.SetTestTimeout(time.Minute)
	h.env.SetDetachedChildWait(true)
	h.env.RegisterWorkflow(workflows.Incident)
	h.env.RegisterWorkflow(h.stage)
	h.env.RegisterActivity(h.world)
	return h
}

// stage starts the incidents, and waits for the end of each.
func (h *herd) stage(ctx workflow.Context) error {
	var all []workflow.ChildWorkflowFuture
	for _, state := range h.states {
		o := workflow.ChildWorkflowOptions{WorkflowID: state.Incident.Number, TaskQueue: workflows.Incidents}
		all = append(all, workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, o), workflows.Incident, state))
	}
	for _, child := range all {
		if err := child.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// at has something happen.
func (h *herd) at(when string, act func(*herd)) *herd {
	h.env.RegisterDelayedCallback(func() { act(h) }, clock(when).Sub(clock("02:00")))
	return h
}

func (h *herd) play() *herd {
	h.t.Helper()
	h.env.ExecuteWorkflow(h.stage)
	require.True(h.t, h.env.IsWorkflowCompleted())
	require.NoError(h.t, h.env.GetWorkflowError())
	return h
}

// give gives a command to one of the incidents; whoever gives it may do
// anything.
func give[A any](person, number, name string, args A) func(*herd) {
	return func(h *herd) {
		id := fmt.Sprintf("%s %s %s", name, number, stamp(h.env.Now()))
		s := &story{answers: h.answers}
		header := incident.Header{ID: id, By: incident.Person(person), At: h.env.Now(), Via: "api"}
		err := h.env.UpdateWorkflowByID(number, name, id, s.answer(id), workflows.Command[A]{Header: header, Args: args})
		if err != nil {
			h.answers[id] = "gone"
		}
	}
}

// hears has an incident hear what monitoring says.
func hears(number string, list ...alerts.Alert) func(*herd) {
	return func(h *herd) {
		_ = h.env.SignalWorkflowByID(number, workflows.AlertsSignal, workflows.Alerts{Alerts: list}) // gone is what some stories are about
	}
}

// end ends an incident, and with it its part of the story.
func end(number string) func(*herd) {
	return give("grace", number, incident.CancelCommand, incident.Cancel{Reason: "the end"})
}

// seen is what happened within a time, as story.transcript has it.
func (h *herd) seen(from, until string, words ...string) []string {
	s := &story{world: h.world}
	return s.transcript(from, until, words...)
}

// line lists the texts of an incident's timeline of some kinds.
func (h *herd) line(number string, kinds ...string) []string {
	var out []string
	for n := 1; ; n++ {
		found := false
		for key, e := range h.timeline {
			if e.Sequence != n || !strings.HasPrefix(key, number+"/") {
				continue
			}
			found = true
			if slices.Contains(kinds, e.Kind) {
				out = append(out, e.Text)
			}
		}
		if !found {
			return out
		}
	}
}

func (w *world) TakeSplit(_ context.Context, o activities.SplitOrder) (activities.SplitOff, error) {
	if err := w.fails("split"); err != nil {
		return activities.SplitOff{}, err
	}
	return activities.SplitOff{Number: "INC-9", Service: o.Service, Key: o.Key + "/INC-9"}, nil
}

func (w *world) MoveSplit(_ context.Context, o activities.SplitOrder) error {
	if err := w.fails("move"); err != nil {
		return err
	}
	w.see("split recorded: %s", o.Number)
	return nil
}
