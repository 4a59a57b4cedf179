package workflows_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/workflows"
)

// story plays one incident from 02:00 on, with time skipped, and remembers
// what happened. What is to happen is said with its clock time.
type story struct {
	// startedOn is the task queue of the run.
	startedOn string
	*world
	t     *testing.T
	state workflows.State
	// scenes are what people and machines do, by time.
	scenes []*scene
	// breaks are the times at which the engine suggests to continue as new.
	breaks []string
	env    *testsuite.TestWorkflowEnvironment
	// present is env, for activities: those of a run that was left may still
	// be at work.
	present atomic.Pointer[testsuite.TestWorkflowEnvironment]
	done    bool
	runs    int
	// answers are the outcomes and refusals of commands, by id.
	answers map[string]string
	// left are the states that its runs left, instead what the first of them
	// is replaced by.
	left    []json.RawMessage
	instead json.RawMessage
	// number is the incident's, row how it was recorded last.
	number string
	// delivered holds signals to runs up until it is closed, where it is set.
	delivered chan struct{}
	// watch sets listeners at the start of each run.
	watch func(*story)
	row   *incident.Incident
}

type scene struct {
	at     time.Time
	act    func(*story)
	played bool
}

// anything is what testify takes for any argument.
const anything = "mock.Anything"

// clock reads "02:05", "02:05:30" or "3d 02:05".
func clock(text string) time.Time {
	var days int
	rest := text
	if before, after, ok := strings.Cut(text, "d "); ok {
		days, _ = strconv.Atoi(before)
		rest = after
	}
	layout := "15:04"
	if strings.Count(rest, ":") == 2 {
		layout = "15:04:05"
	}
	t, err := time.Parse(layout, rest)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 1, 5+days, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

// stamp writes a time as clock reads it.
func stamp(t time.Time) string {
	layout := "15:04:05"
	if t.Second() == 0 {
		layout = "15:04"
	}
	days := int(t.Truncate(24*time.Hour).Sub(clock("00:00")) / (24 * time.Hour))
	if days > 0 {
		return fmt.Sprintf("%dd %s", days, t.Format(layout))
	}
	return t.Format(layout)
}

func tell(t *testing.T, opening incident.Opening, fired ...alerts.Alert) *story {
	t.Helper()
	s := &story{world: newWorld(), t: t, answers: map[string]string{}, number: opening.Number}
	s.now = func() time.Time { return s.present.Load().Now() }
	s.state = workflows.NewState(incident.New(opening), fired, 0)
	s.state.Unlisted = true
	return s
}

// at has something happen.
func (s *story) at(when string, act func(*story)) *story {
	s.scenes = append(s.scenes, &scene{at: clock(when), act: act})
	return s
}

// play runs the incident until it ends, run after run.
func (s *story) play() *story {
	s.t.Helper()
	start := clock("02:00")
	for !s.done {
		s.playRun(start)
		start = s.env.Now()
		if s.runs++; s.runs > 50 {
			s.t.Fatal("it continues as new without end")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over, s.row = true, s.rows[s.number]
	return s
}

func (s *story) playRun(start time.Time) {
	s.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestWorkflowEnvironment()
	s.present.Store(s.env)
	s.env.SetStartTime(start)
	s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: s.state.Incident.Number, TaskQueue: workflows.Incidents})
	s.env.SetTestTimeout(time.Minute)
	s.env.SetDetachedChildWait(false)
	s.env.RegisterWorkflow(workflows.Incident)
	s.env.RegisterWorkflowWithOptions(s.rollback, workflow.RegisterOptions{Name: "rollback"})
	s.env.RegisterActivity(s.world)
	s.env.OnSignalExternalWorkflow(anything, anything, anything, anything, anything).Return(
		func(_, id, _, signal string, arg any) error { return s.signalled(id, signal, arg) })
	for _, scene := range s.scenes {
		if !scene.played {
			s.env.RegisterDelayedCallback(func() { scene.played = true; scene.act(s) }, max(scene.at.Sub(start), 0))
		}
	}
	for _, when := range s.breaks {
		if at := clock(when); at.After(start) {
			s.env.RegisterDelayedCallback(func() { s.env.SetContinueAsNewSuggested(true) }, at.Sub(start))
		}
	}
	if s.watch != nil {
		s.watch(s)
	}
	s.env.ExecuteWorkflow(workflows.Incident, s.state)
	require.True(s.t, s.env.IsWorkflowCompleted())
	s.ended(s.env.GetWorkflowError())
}

// ended takes the state of a run that continues as new.
func (s *story) ended(err error) {
	s.t.Helper()
	again, ok := errors.AsType[*workflow.ContinueAsNewError](err)
	if !ok {
		require.NoError(s.t, err)
		s.done = true
		return
	}
	state := json.RawMessage(again.Input.GetPayloads()[0].GetData())
	s.left = append(s.left, state)
	if s.instead != nil {
		state, s.instead = s.instead, nil
	}
	s.state = workflows.State{}
	require.NoError(s.t, json.Unmarshal(state, &s.state))
}

// rollback is a run that waits to be answered; its reports are scenes.
func (s *story) rollback(ctx workflow.Context, in runbook.Input) error {
	s.see("run rollback started by %s", in.By)
	s.startedOn = workflow.GetInfo(ctx).TaskQueueName
	_ = s.fails("begin")
	for {
		var a runbook.Answer
		workflow.GetSignalChannel(ctx, runbook.AnswerSignal).Receive(ctx, &a)
		s.see("run hears %s from %s: %s", a.Choice, a.By, a.Reason)
	}
}

func (s *story) signalled(id, signal string, arg any) error {
	if err := s.fails("signal"); err != nil {
		return err
	}
	if told, ok := arg.(workflows.Alerts); ok {
		s.see("%s hears of %d alerts", id, len(told.Alerts))
		return nil
	}
	s.see("signal %s to %s", signal, id)
	if s.delivered != nil {
		<-s.delivered
	}
	return nil
}

// transcript is what happened within a time, one line each.
func (s *story) transcript(from, until string, words ...string) []string {
	var out []string
	list := slices.Clone(s.lines)
	slices.SortStableFunc(list, func(a, b line) int {
		if c := a.at.Compare(b.at); c != 0 {
			return c
		}
		return strings.Compare(a.text, b.text)
	})
	for _, l := range list {
		told := len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(l.text, w) })
		if told && !l.at.Before(clock(from)) && l.at.Before(clock(until)) {
			out = append(out, stamp(l.at)+" "+l.text)
		}
	}
	return out
}

// recorded lists the kinds of timeline entries, in order, and holds the
// timeline to be complete: every number once.
func (s *story) recorded(kinds ...string) []string {
	s.t.Helper()
	var out []string
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(s.timeline)), func(key string) bool {
		return !strings.HasPrefix(key, s.number+"/")
	})
	for n, key := range keys {
		e := s.timeline[key]
		require.Equal(s.t, n+1, e.Sequence, "a number is missing or twice: %s", key)
		if len(kinds) == 0 || slices.Contains(kinds, e.Kind) {
			out = append(out, fmt.Sprintf("%s %s", stamp(e.Recorded), e.Text))
		}
	}
	require.Len(s.t, keys, s.row.Sequence, "the timeline has everything")
	return out
}

// header is a command's, from a person who may do anything.
func header(s *story, id, person string) incident.Header {
	return incident.Header{ID: id, By: incident.Person(person), At: s.env.Now(), Via: "api"}
}

// command gives a command of a person; its id is its name and the time.
func command[A any](person, name string, args A) func(*story) {
	return func(s *story) {
		id := fmt.Sprintf("%s %s %s", name, person, stamp(s.env.Now()))
		s.env.UpdateWorkflow(name, id, s.answer(id), workflows.Command[A]{Header: header(s, id, person), Args: args})
	}
}

// answer remembers what became of a command.
func (s *story) answer(id string) *testsuite.TestUpdateCallback {
	say := func(err error) {
		said := err.Error()
		if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
			said = refused.Type() + ": " + refused.Message()
		}
		s.answers[id] = said
	}
	return &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: say,
		OnComplete: func(out any, err error) {
			if err != nil {
				say(err)
				return
			}
			s.answers[id] = out.(incident.Outcome).Text
		},
	}
}

// tapped leaves an acknowledgement as a signal, tapped earlier than it comes.
func tapped(person, when string) func(*story) {
	return func(s *story) {
		h := header(s, "tap "+when, person)
		h.At = clock(when)
		s.env.SignalWorkflow(workflows.AcknowledgeSignal, workflows.Command[incident.Acknowledge]{Header: h})
	}
}

// says tells what monitoring says.
func says(list ...alerts.Alert) func(*story) {
	return func(s *story) { s.env.SignalWorkflow(workflows.AlertsSignal, workflows.Alerts{Alerts: list}) }
}

// stop has an operator cancel the workflow, which ends the story.
func stop(s *story) { s.env.CancelWorkflow() }
