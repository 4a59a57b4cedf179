package runbook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// played plays a function as a runbook and returns the transcript without its
// first line.
func played(t *testing.T, run func(workflow.Context, none) error, s runbooktest.Script) []string {
	t.Helper()
	return runbooktest.Play(t, flips(run), s)[1:]
}

func transcript(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }

func asking(ctx workflow.Context, _ none) error {
	if err := runbook.Page(ctx, runbook.Target{Team: "databases"}, "the replica lags"); err != nil {
		return err
	}
	return runbook.Ticket(ctx, runbook.Task{Title: "Raise the limit", Owner: "bob", Priority: catalog.High})
}

func TestARunPagesPeopleAndOpensTickets(t *testing.T) {
	require.Equal(t, transcript(`
00:00 pages team databases: the replica lags
00:00 ticket Raise the limit
00:00 ended done`), played(t, asking, runbooktest.Script{}))
	require.Equal(t, transcript(`
00:00 note would page team databases: the replica lags
00:00 note would open a ticket for bob: Raise the limit
00:00 ended done: dry run: nothing was changed`), played(t, asking, runbooktest.Script{DryRun: true}))
	require.Equal(t, transcript(`
00:00 ended failed: a ticket has a title`), played(t, func(ctx workflow.Context, _ none) error {
		return runbook.Ticket(ctx, runbook.Task{})
	}, runbooktest.Script{}))
}

// degrading flips a flag that leaves something degraded, and may fail then.
func degrading(fails bool) func(workflow.Context, none) error {
	return func(ctx workflow.Context, _ none) error {
		s := step("fallback")
		s.Safe = true
		s.Degrades = &runbook.Hatch{ID: "shop/recommendations", What: "the shop without recommendations", For: 2 * time.Hour}
		if err := runbook.Do(ctx, s); err != nil || !fails {
			return err
		}
		return errors.New("it did not help")
	}
}

func TestWhatAStepDegradesIsToldAndItsUndoRestoresIt(t *testing.T) {
	got := strings.Join(played(t, degrading(false), runbooktest.Script{}), "\n")
	require.Contains(t, got, "degraded the shop without recommendations, for 2 h at most")
	require.NotContains(t, got, "restored")
	got = strings.Join(played(t, degrading(true), runbooktest.Script{}), "\n")
	require.Regexp(t, `(?s)degraded .*step undo fallback: done.*restored shop/recommendations.*ended failed: it did not help; undone: fallback`, got)
	got = strings.Join(played(t, degrading(false), runbooktest.Script{DryRun: true}), "\n")
	require.Contains(t, got, "degrading the shop without recommendations, for 2 h at most")
	require.NotContains(t, got, "degraded ")

	got = strings.Join(played(t, func(ctx workflow.Context, _ none) error {
		s := step("restore")
		s.Restores = "shop/recommendations"
		return runbook.Do(ctx, s)
	}, runbooktest.Script{}), "\n")
	require.Contains(t, got, "restored shop/recommendations")

	got = strings.Join(played(t, func(ctx workflow.Context, _ none) error {
		s := step("restore")
		s.Safe, s.Restores = true, "shop/recommendations"
		return errors.Join(runbook.Do(ctx, s), errors.New("it did not help"))
	}, runbooktest.Script{}), "\n")
	require.Regexp(t, `(?s)restored shop/recommendations.*step undo restore: done.*degraded shop/recommendations again`, got)

	got = strings.Join(played(t, func(ctx workflow.Context, _ none) error {
		s := step("restore")
		s.Safe, s.Restores, s.Undo.Call = true, "shop/recommendations", flip{what: "restore back", err: errUnknown}
		return errors.Join(runbook.Do(ctx, s), errors.New("it did not help"))
	}, runbooktest.Script{}), "\n")
	require.Regexp(t, `(?s)step undo restore: failed: its outcome is unknown.*degraded shop/recommendations again`, got)

	unsure := failing("fallback", errUnknown)
	unsure.Degrades = &runbook.Hatch{ID: "shop/recommendations", What: "the shop without recommendations"}
	got = strings.Join(played(t, doing(unsure), runbooktest.Script{Answers: []runbooktest.Answer{{}, says("keep")}}), "\n")
	require.Regexp(t, `(?s)fallback: failed: its outcome is unknown.*degraded the shop without recommendations, for 4 h at most`, got)
	got = strings.Join(played(t, doing(unsure), runbooktest.Script{Cancel: time.Minute}), "\n")
	require.Regexp(t, `(?s)fallback: failed: its outcome is unknown .*: canceled.*degraded the shop without recommendations, for 4 h at most`, got)
	unsure.Call = flip{what: "fallback", err: errRefused}
	require.NotContains(t, strings.Join(played(t, doing(unsure), runbooktest.Script{}), "\n"), "degraded")

	closing := func(ctx workflow.Context, _ none) error { return runbook.CloseHatch(ctx, "shop/recommendations") }
	require.Contains(t, strings.Join(played(t, closing, runbooktest.Script{}), "\n"), "restored shop/recommendations")
	require.Contains(t, strings.Join(played(t, closing, runbooktest.Script{DryRun: true}), "\n"),
		"note would close the escape hatch shop/recommendations, if it is open")

	got = strings.Join(played(t, func(ctx workflow.Context, _ none) error {
		s := step("fallback")
		s.Degrades = &runbook.Hatch{ID: "x"}
		return runbook.Do(ctx, s)
	}, runbooktest.Script{}), "\n")
	require.Contains(t, got, "what it degrades has no ID or What")
}

func calling(ctx workflow.Context, _ none) error {
	if err := runbook.Run(ctx, "drain", map[string]string{"node": "a", "zone": "b"}); err != nil {
		return err
	}
	return runbook.Do(ctx, step("after"))
}

func TestARunRunsAnotherRunbook(t *testing.T) {
	require.Equal(t, transcript(`
00:00 run drain with node=a zone=b
00:01 note flips after with INC-1/runbook/flips/1/step-1
00:01 step after: done (flip after)
00:01 ended done: after`), played(t, calling, runbooktest.Script{}))
	refused := map[string]runbook.End{"drain": {State: runbook.Refused, Text: "by bob"}}
	require.Equal(t, transcript(`
00:00 run drain with node=a zone=b
00:01 ended failed: drain refused: by bob`), played(t, calling, runbooktest.Script{Others: refused}))
	require.Contains(t, played(t, calling, runbooktest.Script{DryRun: true})[0], "would run drain with node=a zone=b")
	abort := []runbooktest.Control{{After: 500 * time.Millisecond, Control: runbook.Control{Do: runbook.Abort, By: "bob", Reason: "no"}}}
	require.Contains(t, strings.Join(played(t, calling, runbooktest.Script{Controls: abort}), "\n"), "ended cancelled")
}

// branches ask side by side, and one of them fails when it is told to.
func branches(ctx workflow.Context, _ none) error {
	branch := func(name string) func(workflow.Context) error {
		return func(ctx workflow.Context) error {
			choice, err := runbook.Ask(ctx, name+"?", time.Hour, "go on", "fail")
			if err != nil {
				return err
			}
			if choice == "fail" {
				return errors.New(name + " failed")
			}
			if err := runbook.Do(ctx, step(name)); err != nil {
				return err
			}
			return runbook.Wait(ctx, time.Hour, "for the other")
		}
	}
	return runbook.Parallel(ctx, branch("left"), branch("right"))
}

func TestBranchesRunSideBySideAndStopTogether(t *testing.T) {
	// The answers cross: each finds its own question.
	both := []runbooktest.Answer{
		{After: 2 * time.Minute, By: "bob", Choice: "go on"}, {After: time.Minute, By: "bob", Choice: "go on"},
	}
	got := strings.Join(played(t, branches, runbooktest.Script{Answers: both}), "\n")
	require.Regexp(t, `(?s)00:00 asks flips-1-1: left\?.*00:00 asks flips-1-2: right\?.*01:00 answered bob: go on.*01:00 step right: done.*02:00 step left: done.*62:00 ended done: right, left`, got)
	require.NotContains(t, got, "not taken")

	failing := []runbooktest.Answer{
		{After: time.Minute, By: "bob", Choice: "go on"},
		{After: 2 * time.Minute, By: "bob", Choice: "fail"},
		{After: time.Minute, By: "carol", Choice: "undo"},
	}
	got = strings.Join(played(t, branches, runbooktest.Script{Answers: failing}), "\n")
	require.Regexp(t, `(?s)01:00 step left: done.*02:00 answered bob: fail.*asks flips-1-3: Right failed. Undo left\?.*03:00 step undo left: done.*ended failed: right failed; undone: left`, got)
}

func TestABranchThatPanicsFailsAlone(t *testing.T) {
	got := played(t, func(ctx workflow.Context, _ none) error {
		return runbook.Parallel(ctx, func(workflow.Context) error { panic("oops") }, func(ctx workflow.Context) error {
			return runbook.Wait(ctx, time.Hour, "nothing")
		})
	}, runbooktest.Script{})
	require.Equal(t, "00:00 ended failed: the runbook panicked: oops", got[len(got)-1])
}

// Whoever honours keys makes the second change not at all when it comes with the
// key of the first.
func TestBranchesThatWaitForApprovalHaveKeysOfTheirOwn(t *testing.T) {
	got := runbooktest.Play(t, guarded(func(ctx workflow.Context, _ none) error {
		return runbook.Parallel(ctx,
			func(ctx workflow.Context) error { return runbook.Do(ctx, step("a")) },
			func(ctx workflow.Context) error { return runbook.Do(ctx, step("b")) },
		)
	}), runbooktest.Script{Answers: []runbooktest.Answer{says("approve"), says("approve")}})
	keys := map[string]bool{}
	for _, l := range got {
		if _, key, found := strings.Cut(l, " with INC-1/"); found {
			require.False(t, keys[key], "the same key twice:\n%s", strings.Join(got, "\n"))
			keys[key] = true
		}
	}
	require.Len(t, keys, 2)
}

// The incident would go on paging people about it until the run ends.
func TestTheQuestionOfABranchThatIsStoppedIsWithdrawn(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		err := runbook.Parallel(ctx,
			func(ctx workflow.Context) error {
				_, err := runbook.Ask(ctx, "Which?", time.Hour, "left", "right")
				return err
			},
			func(ctx workflow.Context) error {
				if err := runbook.Wait(ctx, time.Minute, "x"); err != nil {
					return err
				}
				return errRefused
			},
		)
		runbook.Note(ctx, "went on: %v", err)
		return runbook.Wait(ctx, 3*time.Hour, "for the rest")
	}), runbooktest.Script{})
	require.True(t, holds(got, "expired"), strings.Join(got, "\n"))
}

// A runbook that says that it changes nothing, and that starts by itself as
// a diagnostic, has another run that changes things: nothing of the catalog
// named that one.
func TestADiagnosticRunsNoOther(t *testing.T) {
	got := runbooktest.Play(t, runbook.New(func(ctx workflow.Context, _ none) error {
		return runbook.Run(ctx, "rollback", nil)
	}, runbook.Spec{Name: "flips"}), runbooktest.Script{})
	require.False(t, holds(got, "ended done"), strings.Join(got, "\n"))
}

// What another runbook would do, a dry run has not done either: a check after it
// says nothing of it.
func TestADryRunTakesACheckAfterAnotherRunbookForHealthy(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		if err := runbook.Run(ctx, "rollback", nil); err != nil {
			return err
		}
		health, err := runbook.Check(ctx, runbook.Metric{Query: "errors", Below: 1, Settle: time.Minute})
		if err == nil && health != runbook.Healthy {
			return incident.Errorf(incident.Permanent, "it did not help")
		}
		return err
	}), runbooktest.Script{DryRun: true, Samples: []float64{9, 9, 9}})
	require.Equal(t, "00:00 ended done: dry run: nothing was changed", got[len(got)-1], strings.Join(got, "\n"))
}
