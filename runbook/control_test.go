package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// has is what bob has the run do.
func has(after time.Duration, do runbook.Verb, reason string) runbooktest.Control {
	return runbooktest.Control{After: after, Control: runbook.Control{Do: do, By: "bob", Reason: reason}}
}

// slowly waits ten minutes between two steps.
func slowly(ctx workflow.Context, _ none) error {
	if err := runbook.Do(ctx, step("a")); err != nil {
		return err
	}
	if err := runbook.Wait(ctx, 10*time.Minute, "for calm"); err != nil {
		return err
	}
	return runbook.Do(ctx, step("b"))
}

// looked is a reading that a test sets.
type looked struct {
	read func(ctx workflow.Context) (string, error)
}

func (looked) String() string { return "the lamp" }

func (l looked) Read(ctx workflow.Context) (string, error) { return l.read(ctx) }

// lookingFirst is a step that looks for 20 seconds before it is made.
func lookingFirst(what string) runbook.Step {
	s := step(what)
	s.Expects = []runbook.Expectation{runbook.Expect(looked{func(ctx workflow.Context) (string, error) {
		return "off", workflow.Sleep(ctx, 20*time.Second)
	}}, "off")}
	return s
}

// slowlyFailing works for two minutes and changes nothing.
type slowlyFailing struct{ flip }

func (s slowlyFailing) Make(ctx workflow.Context, key string) error {
	_ = s.flip.Make(ctx, key)
	if err := workflow.Sleep(ctx, 2*time.Minute); err != nil {
		return err
	}
	return errRefused
}

func asksWhich(ctx workflow.Context, _ none) error {
	choice, err := runbook.Ask(ctx, "Which?", time.Hour, "left", "right")
	runbook.Note(ctx, "went %q", choice)
	return err
}

const begun = `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
`

func TestControls(t *testing.T) {
	metric := func(ctx workflow.Context, _ none) error {
		health, err := runbook.Check(ctx, runbook.Metric{Query: "errors", Below: 1, Settle: 10 * time.Minute})
		runbook.Note(ctx, "%s", health)
		return err
	}
	for name, test := range map[string]struct {
		run    func(workflow.Context, none) error
		needs  bool // an approval
		script runbooktest.Script
		want   string
	}{
		"paused, it waits before its next step": {
			run: slowly, script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Pause, "lunch"), has(time.Hour, runbook.Resume, "")}},
			want: begun + `
01:00 note paused by bob (lunch)
60:00 note resumed by bob
60:00 note flips b with INC-1/runbook/flips/1/step-2
60:00 step b: done (flip b)
60:00 ended done: a, b
`,
		},
		"a wait is skipped": {
			run: slowly, script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "it is calm")}},
			want: begun + `
01:00 note skipped by bob (it is calm): for calm
01:00 note flips b with INC-1/runbook/flips/1/step-2
01:00 step b: done (flip b)
01:00 ended done: a, b
`,
		},
		"paused, the next step is skipped": {
			run: slowly, script: runbooktest.Script{Controls: []runbooktest.Control{
				has(time.Minute, runbook.Pause, ""), has(11*time.Minute, runbook.Skip, "by hand"), has(12*time.Minute, runbook.Resume, ""),
			}},
			want: begun + `
01:00 note paused by bob
11:00 note skipped by bob (by hand): b
11:00 ended done: a
`,
		},
		"aborted, the undo is offered": {
			run: slowly, script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Abort, "wrong host")}, Answers: []runbooktest.Answer{says("undo")},
			},
			want: begun + `
01:00 note to be aborted by bob (wrong host)
01:00 asks flips-1-1: Aborted by bob (wrong host). Undo a? [keep undo]
01:00   undo a: flip a back
02:00 answered bob: undo
02:00 note flips a back with INC-1/runbook/flips/1/step-1/undo
02:00 step undo a: done (flip a back)
02:00 ended cancelled: aborted by bob (wrong host); undone: a
`,
		},
		"aborted while it is paused": {
			run: slowly, script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Pause, ""), has(20*time.Minute, runbook.Abort, "")}, Answers: []runbooktest.Answer{says("keep")},
			},
			want: begun + `
01:00 note paused by bob
20:00 note to be aborted by bob
20:00 asks flips-1-1: Aborted by bob. Undo a? [keep undo]
20:00   undo a: flip a back
21:00 answered bob: keep
21:00 ended cancelled: aborted by bob; still stands: a
`,
		},
		"a question is skipped as if nobody had answered": {
			run: asksWhich, script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "either")}},
			want: `
00:00 asks flips-1-1: Which? [left right]
01:00 expired skipped by bob (either)
01:00 note went ""
01:00 ended done
`,
		},
		"an approval is not skipped, and aborting withdraws it": {
			run:    func(ctx workflow.Context, _ none) error { return runbook.Approve(ctx, runbook.Gate{Text: "Go?"}) },
			script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "hurry"), has(2*time.Minute, runbook.Abort, "")}},
			want: `
00:00 asks approve flips-1-1: Go?
01:00 note not taken: skip by bob (hurry), of which there is nothing to do
02:00 note to be aborted by bob
02:00 expired no longer waited for
02:00 ended cancelled: aborted by bob
`,
		},
		"a check is skipped, and counts as healthy": {
			run: metric, script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "I see it")}},
			want: `
01:00 note skipped by bob (I see it): the check of the metric, which counts as healthy
01:00 note healthy
01:00 ended done
`,
		},
		"a skip in one branch refuses no approval of another": {
			needs: true, run: func(ctx workflow.Context, _ none) error {
				return runbook.Parallel(ctx,
					func(ctx workflow.Context) error { return runbook.Do(ctx, step("a")) },
					func(ctx workflow.Context) error { return runbook.Wait(ctx, 10*time.Minute, "for calm") },
				)
			},
			script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "it is calm")},
				Answers:  []runbooktest.Answer{{After: 2 * time.Minute, By: "bob", Choice: "approve"}},
			},
			want: `
00:00 asks approve flips-1-1: A?
00:00   a: flip a; undone by: flip a back
01:00 note skipped by bob (it is calm): for calm
02:00 answered bob: approve
02:00 note flips a with INC-1/runbook/flips/1/step-1
02:00 step a: done (flip a)
02:00 ended done: a
`,
		},
		"paused while it waits for an approval, a skip is for the step": {
			needs: true, run: doing(step("a"), safe(step("b"))), script: runbooktest.Script{
				Controls: []runbooktest.Control{
					has(time.Minute, runbook.Pause, ""), has(2*time.Minute, runbook.Skip, "by hand"), has(3*time.Minute, runbook.Resume, ""),
				},
				Answers: []runbooktest.Answer{{After: 5 * time.Minute, By: "bob", Choice: "approve"}, says("refuse")},
			},
			want: `
00:00 asks approve flips-1-1: A?
00:00   a: flip a; undone by: flip a back
01:00 note paused by bob
03:00 note resumed by bob
05:00 answered bob: approve
05:00 note skipped by bob (by hand): a
05:00 asks approve flips-1-2: B?
05:00   b: flip b; undone without asking by: flip b back
06:00 answered bob: refuse
06:00 ended refused: by bob
`,
		},
		"a skip of a step that never comes does not take the offer to undo": {
			run: doing(step("a"), runbook.Step{Name: "b", Change: byKey(slowlyFailing{flip{what: "b"}})}, step("c")), script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Pause, "let me see"), has(90*time.Second, runbook.Skip, "c by hand")},
				Answers:  []runbooktest.Answer{says("undo")},
			},
			want: begun + `
00:00 note flips b with INC-1/runbook/flips/1/step-2
01:00 note paused by bob (let me see)
02:00 step b: failed: somebody was faster
02:00 note not taken: skip by bob (c by hand), of which there is nothing to do
02:00 asks flips-1-1: B: somebody was faster. Undo a? [keep undo]
02:00   undo a: flip a back
03:00 answered bob: undo
03:00 note flips a back with INC-1/runbook/flips/1/step-1/undo
03:00 step undo a: done (flip a back)
03:00 ended failed: b: somebody was faster; undone: a
`,
		},
		"an answer to a question that was skipped is told": {
			run: asksWhich, script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Skip, "either")}, Answers: []runbooktest.Answer{says("right")},
			},
			want: `
00:00 asks flips-1-1: Which? [left right]
01:00 expired skipped by bob (either)
01:00 note went ""
01:00 note not taken: bob answered "right" to flips-1-1, which is not open for that
01:00 ended done
`,
		},
		"paused while a step waits for its approval, it waits before the step": {
			needs: true, run: doing(step("a")), script: runbooktest.Script{
				Controls: []runbooktest.Control{has(time.Minute, runbook.Pause, "not yet"), has(time.Hour, runbook.Resume, "")},
				Answers:  []runbooktest.Answer{{After: 2 * time.Minute, By: "bob", Choice: "approve"}},
			},
			want: `
00:00 asks approve flips-1-1: A?
00:00   a: flip a; undone by: flip a back
01:00 note paused by bob (not yet)
02:00 answered bob: approve
60:00 note resumed by bob
60:00 note flips a with INC-1/runbook/flips/1/step-1
60:00 step a: done (flip a)
60:00 ended done: a
`,
		},
		"aborted while it looks, it makes no step": {
			run: doing(lookingFirst("a")), script: runbooktest.Script{Controls: []runbooktest.Control{has(10*time.Second, runbook.Abort, "wrong host")}},
			want: `
00:10 note to be aborted by bob (wrong host)
00:10 ended cancelled: aborted by bob (wrong host)
`,
		},
		"paused while it looks, it waits and looks again": {
			run: doing(lookingFirst("a")), script: runbooktest.Script{
				Controls: []runbooktest.Control{has(10*time.Second, runbook.Pause, ""), has(time.Minute, runbook.Resume, "")},
			},
			want: `
00:10 note paused by bob
01:00 note resumed by bob
01:20 note flips a with INC-1/runbook/flips/1/step-1
01:20 step a: done (flip a)
01:20 ended done: a
`,
		},
		"what there is nothing to do of is said": {
			run: slowly, script: runbooktest.Script{Controls: []runbooktest.Control{has(time.Minute, runbook.Resume, ""), has(2*time.Minute, "dance", "")}},
			want: begun + `
01:00 note not taken: resume by bob, of which there is nothing to do
02:00 note not taken: dance by bob, of which there is nothing to do
10:00 note flips b with INC-1/runbook/flips/1/step-2
10:00 step b: done (flip b)
10:00 ended done: a, b
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := flips(test.run)
			if test.needs {
				b = guarded(test.run)
			}
			got := runbooktest.Play(t, b, test.script)
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

// Paused while a step looks at what it expects, the next step is that one: it is
// the one that somebody skips, also when they resume before the look is over.
func TestASkippedStepIsNotMadeWhenTheRunIsResumedWhileItLooks(t *testing.T) {
	got := runbooktest.Play(t, flips(doing(lookingFirst("a"), step("b"))), runbooktest.Script{Controls: []runbooktest.Control{
		has(5*time.Second, runbook.Pause, ""), has(6*time.Second, runbook.Skip, "a was made by hand"), has(7*time.Second, runbook.Resume, ""),
	}})
	all := strings.Join(got, "\n")
	require.NotContains(t, all, "flips a with", all)
	require.Contains(t, all, "flips b with", all)
}

// slowlyUnknown works for two minutes, and nobody knows.
type slowlyUnknown struct{ flip }

func (s slowlyUnknown) Make(ctx workflow.Context, key string) error {
	_ = s.flip.Make(ctx, key)
	if err := workflow.Sleep(ctx, 2*time.Minute); err != nil {
		return err
	}
	return errUnknown
}

// A question that the run does not wait for pages people until the run ends, which
// may be after the half hour in which the undo is offered.
func TestAnAbortedRunLeavesNoQuestionOpen(t *testing.T) {
	s := step("a")
	s.Call = slowlyUnknown{flip{what: "a"}}
	got := runbooktest.Play(t, flips(doing(s)), runbooktest.Script{
		Controls: []runbooktest.Control{has(time.Minute, runbook.Abort, "wrong host")},
		Answers:  []runbooktest.Answer{{}, {After: 20 * time.Minute, By: "bob", Choice: "keep"}},
	})
	all := strings.Join(got, "\n")
	require.Equal(t, strings.Count(all, "asks "), strings.Count(all, "answered ")+strings.Count(all, "expired "), all)
}

// Two people abort, one a minute after the other: the second takes back the offer
// to undo that the first brought about, and what was changed stays.
func TestASecondAbortDoesNotTakeBackTheOfferToUndo(t *testing.T) {
	got := runbooktest.Play(t, flips(slowly), runbooktest.Script{
		Controls: []runbooktest.Control{has(time.Minute, runbook.Abort, "wrong host"), has(90*time.Second, runbook.Abort, "stop this")},
		Answers:  []runbooktest.Answer{says("undo")},
	})
	all := strings.Join(got, "\n")
	require.Contains(t, all, "undo a: done", all)
}

// The same while the undo is under way: what is left of it is given up.
func TestAnAbortDoesNotEndAnUndoThatWasWanted(t *testing.T) {
	b := step("b")
	errs := []error{errUnknown}
	b.Undo = &runbook.Change{Call: scripted{"b back", &errs}, Repeat: runbook.OnceThenAsk}
	got := runbooktest.Play(t, flips(doing(step("a"), b, failing("c", errRefused))), runbooktest.Script{
		Controls: []runbooktest.Control{has(90*time.Second, runbook.Abort, "it hangs")},
		Answers:  []runbooktest.Answer{says("undo"), says("it happened")},
	})
	all := strings.Join(got, "\n")
	require.Contains(t, all, "undo a: done", all)
}

// A run that somebody paused, and whose incident was terminated by an operator,
// waits for ever and holds its target.
func TestAPausedRunWhoseIncidentIsGoneEnds(t *testing.T) {
	b := flips(slowly)
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	at := env.Now()
	env.SetTestTimeout(3 * time.Second)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(func(_, _, _, _ string, _ any) error {
		if env.Now().Sub(at) > 2*time.Minute {
			return &temporal.UnknownExternalWorkflowExecutionError{}
		}
		return nil
	})
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(runbook.ControlSignal, runbook.Control{Do: runbook.Pause, By: "bob"})
	}, time.Minute)
	env.RegisterDelayedCallback(func() {}, 365*24*time.Hour)
	begun := env.Now()
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.Less(t, env.Now().Sub(begun), 30*24*time.Hour, "it ends by the time-out of the test environment alone")
}

// What a step is done by is looked at right before its call as well, for minutes
// where a Redis is gone through: an abort or a pause in that time holds.
func TestAnAbortWhileItLooksWhetherItIsDoneMakesNoCall(t *testing.T) {
	for _, do := range []runbook.Verb{runbook.Abort, runbook.Pause} {
		s := step("a")
		s.Repeat, s.Done = runbook.CheckThenAct, runbook.Expect(looked{func(ctx workflow.Context) (string, error) {
			return "off", workflow.Sleep(ctx, 20*time.Second)
		}}, "on")
		got := runbooktest.Play(t, flips(doing(s)), runbooktest.Script{Controls: []runbooktest.Control{
			has(10*time.Second, do, "wrong host"), has(time.Hour, runbook.Abort, "enough"),
		}})
		all := strings.Join(got, "\n")
		require.NotContains(t, all, "step a: done", all)
	}
}

// What waits for something that never comes is reached by an abort.
func TestAnAbortReachesWhatWaitsOutsideOfAVerb(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(func(ctx workflow.Context, _ none) error { return workflow.Await(ctx, func() bool { return false }) })
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(nil)
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(runbook.ControlSignal, runbook.Control{Do: runbook.Abort, By: "bob", Reason: "it hangs"})
	}, time.Minute)
	begun := env.Now()
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.Less(t, env.Now().Sub(begun), 30*24*time.Hour, "it ends by the time-out of the test environment alone")
}
