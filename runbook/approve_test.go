package runbook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// guarded is a runbook that changes nothing without an approval.
func guarded(run func(workflow.Context, none) error) runbook.Runbook {
	return runbook.New(run, runbook.Spec{Name: "flips", Target: "lamps", Approval: &runbook.Approval{}})
}

func approves() runbooktest.Script {
	yes := says("approve")
	return runbooktest.Script{Answers: []runbooktest.Answer{yes, yes, yes}}
}

func TestAStepThatNobodyApprovedIsAskedFor(t *testing.T) {
	got := runbooktest.Play(t, guarded(doing(step("a"))), approves())
	require.Equal(t, lines(`
00:00 asks approve flips-1-1: A?
00:00   a: flip a; undone by: flip a back
01:00 answered bob: approve
01:00 note flips a with INC-1/runbook/flips/1/step-1
01:00 step a: done (flip a)
01:00 ended done: a
`), got[1:])
	refused := runbooktest.Play(t, guarded(doing(step("a"))), runbooktest.Script{Answers: []runbooktest.Answer{says("refuse")}})
	require.Equal(t, "01:00 ended refused: by bob", refused[len(refused)-1])

	dry := func(ctx workflow.Context, _ none) error {
		a := step("a")
		if err := runbook.Approve(ctx, runbook.Gate{Text: "Flip a?", Steps: []runbook.Step{a}}); err != nil {
			return err
		}
		if err := runbook.Do(ctx, a); err != nil {
			return err
		}
		return runbook.Do(ctx, step("b"))
	}
	require.Equal(t, lines(`
00:00 note would ask for approval, for at most 15 min: Flip a?
00:00 note would call: flip a; undone by: flip a back
00:00 note would ask for approval, for at most 15 min: B?
00:00 note would call: flip b; undone by: flip b back
00:00 ended done: dry run: nothing was changed
`), runbooktest.Play(t, guarded(dry), runbooktest.Script{DryRun: true})[1:])
}

func TestAnApprovalCoversWhatWasShownAndNothingElse(t *testing.T) {
	shown := step("a")
	shown.Degrades = &runbook.Hatch{ID: "shop/x", What: "x"}
	for name, change := range map[string]func(s *runbook.Step){
		"the call":                 func(s *runbook.Step) { s.Call = flip{what: "a, harder"} },
		"the expectation":          func(s *runbook.Step) { s.Expects = []runbook.Expectation{runbook.Expect(&lamp{state: "x"}, "x")} },
		"the undo":                 func(s *runbook.Step) { s.Undo = nil },
		"its safety":               func(s *runbook.Step) { s.Safe = true },
		"the repeat":               func(s *runbook.Step) { s.Repeat = runbook.OnceThenAsk },
		"the hatch that it closes": func(s *runbook.Step) { s.Restores = "shop/x" },
		"the hatch that it opens":  func(s *runbook.Step) { s.Degrades = &runbook.Hatch{ID: "shop/y", What: "x"} },
		"what is done":             func(s *runbook.Step) { s.Done = runbook.Expect(&lamp{state: "x"}, "x") },
		"what its undo expects": func(s *runbook.Step) {
			undo := *s.Undo
			undo.Expects = []runbook.Expectation{runbook.Expect(&lamp{state: "x"}, "x")}
			s.Undo = &undo
		},
		"how its undo is repeated": func(s *runbook.Step) {
			undo := *s.Undo
			undo.Repeat = runbook.OnceThenAsk
			s.Undo = &undo
		},
		"how much": func(s *runbook.Step) { s.Touches = runbook.Touches{Count: 2, What: "lamps"} },
		"nothing":  func(*runbook.Step) {},
	} {
		t.Run(name, func(t *testing.T) {
			b := guarded(func(ctx workflow.Context, _ none) error {
				if err := runbook.Approve(ctx, runbook.Gate{Text: "Flip?", Steps: []runbook.Step{shown}}); err != nil {
					return err
				}
				changed := shown
				change(&changed)
				return runbook.Do(ctx, changed)
			})
			got := strings.Join(runbooktest.Play(t, b, approves()), "\n")
			again := strings.Contains(got, "01:00 asks approve flips-1-2: A? It is not what was approved before.")
			require.Equal(t, name != "nothing", again, got)
		})
	}
}

func TestAnApprovalSaysWhoMayGiveItAndWhatItCovers(t *testing.T) {
	two := runbook.Approval{By: []catalog.Standing{catalog.TeamLead}, People: 2, Within: 5 * time.Minute}
	covers := func(steps ...runbook.Step) *runbook.Question {
		reports, _, err := heard(t, func(ctx workflow.Context, _ none) error {
			return runbook.Approve(ctx, runbook.Gate{Text: "Flip?", Steps: steps, Approval: &two})
		}, forEver)
		require.NoError(t, err)
		require.Equal(t, runbook.Asked, reports[1].Kind)
		return reports[1].Question
	}
	first := covers(step("a"), step("b"))
	require.Equal(t, two, first.Who)
	require.Equal(t, []string{"a: flip a; undone by: flip a back", "b: flip b; undone by: flip b back"}, first.Calls)
	require.Len(t, first.Covers, 12)
	require.Equal(t, first.Covers, covers(step("a"), step("b")).Covers, "the same calls are the same")
	require.NotEqual(t, first.Covers, covers(step("b"), step("a")).Covers, "in another order they are not")
}

func TestWhatCannotBeShownWholeIsNotApproved(t *testing.T) {
	long := step(strings.Repeat("a", 600))
	got := runbooktest.Play(t, guarded(doing(long)), approves())
	require.Contains(t, got[len(got)-1], "ended failed: the approval cannot be shown whole")
}

func TestAnApprovalIsUsedOnce(t *testing.T) {
	got := runbooktest.Play(t, guarded(doing(step("a"), step("a"), step("a"))), runbooktest.Script{
		Answers: []runbooktest.Answer{says("approve")},
	})
	made := 0
	for _, l := range got {
		if strings.Contains(l, "flips a with") {
			made++
		}
	}
	require.Equal(t, 1, made, strings.Join(got, "\n"))
}

// A person's approval reaches the run in one task with the news that the question
// was told, as after a time without a worker: another branch that waits for an
// answer of its own takes it from the channel first, and throws it away.
func TestAnApprovalIsNotThrownAwayByAnotherBranch(t *testing.T) {
	b := guarded(func(ctx workflow.Context, _ none) error {
		return runbook.Parallel(ctx,
			func(ctx workflow.Context) error {
				_, err := runbook.Ask(ctx, "Which?", time.Hour, "left", "right")
				return err
			},
			func(ctx workflow.Context) error {
				if err := runbook.Wait(ctx, time.Minute, "for calm"); err != nil {
					return err
				}
				return runbook.Do(ctx, step("b"))
			},
		)
	})
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	var told []string
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(
		func(_, _, _, _ string, payload any) error {
			for _, r := range payload.(runbook.Report).All() {
				told = append(told, string(r.Kind)+" "+r.Text)
				if r.Kind == runbook.Asked && r.Question.Approval {
					// Delivered, and no task until the next thing happens.
					env.SignalWorkflowSkippingWorkflowTask(runbook.AnswerSignal, runbook.Answer{Question: r.Question.ID, Choice: "approve", By: "carol"})
				}
			}
			return nil
		})
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice", Prompt: true})
	all := strings.Join(told, "\n")
	require.Contains(t, all, "flips b with", all)
}
