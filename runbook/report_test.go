package runbook_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
)

// heard executes a run and returns what its incident heard of it, until that
// is gone, and what became of the workflow.
func heard(t *testing.T, run func(workflow.Context, none) error, goneAfter int) (reports []runbook.Report, result string, err error) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(run)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{
		ID: incident.RunID("INC-7", b.Name, 3), TaskQueue: runbook.TaskQueue,
	})
	hear := func(_, _, _, _ string, payload any) error {
		if len(reports) >= goneAfter {
			return &temporal.UnknownExternalWorkflowExecutionError{}
		}
		reports = append(reports, payload.(runbook.Report).All()...)
		return nil
	}
	env.OnSignalExternalWorkflow(mock.Anything, "INC-7", "", runbook.ReportSignal, mock.Anything).Return(hear)
	env.ExecuteWorkflow(b.Name, runbook.Input{Prompt: true, Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.True(t, env.IsWorkflowCompleted())
	if err := env.GetWorkflowError(); err != nil {
		return reports, "", err
	}
	require.NoError(t, env.GetWorkflowResult(&result))
	return reports, result, nil
}

const forEver = 1 << 30

func TestReportsAreNumberedAndNamed(t *testing.T) {
	reports, result, err := heard(t, func(ctx workflow.Context, _ none) error {
		runbook.Note(ctx, "one of %d", 2)
		return runbook.Approve(ctx, runbook.Gate{Text: "Go?", Within: time.Minute})
	}, forEver)
	require.NoError(t, err)
	require.Equal(t, "nobody approved within 1 min", result)

	var kinds []runbook.Kind
	for i, r := range reports {
		require.Equal(t, "INC-7/runbook/flips/3", r.Run)
		require.Equal(t, i+1, r.Ordinal)
		require.False(t, r.At.IsZero())
		require.Equal(t, time.UTC, r.At.Location())
		kinds = append(kinds, r.Kind)
	}
	require.Equal(t, []runbook.Kind{
		runbook.Started, runbook.Noted, runbook.Asked, runbook.Expired, runbook.Ended,
	}, kinds)
	question := reports[2].Question
	require.Equal(t, &runbook.Question{
		ID: "flips-3-1", Approval: true, Who: runbook.Approval{People: 1, Within: 15 * time.Minute}, Text: "Go?", Choices: []string{"approve", "refuse"},
		Until: reports[2].At.Add(time.Minute),
	}, question)
	require.Equal(t, question, reports[3].Question)
	require.Equal(t, runbook.Running, reports[3].State)
	require.Equal(t, runbook.Refused, reports[4].State)
}

// TestReportsThatTellNothingNewGoWithOthers counts the signals of a run: each
// costs its incident history.
func TestReportsThatTellNothingNewGoWithOthers(t *testing.T) {
	var signals [][]runbook.Kind
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(func(ctx workflow.Context, _ none) error {
		runbook.Note(ctx, "one")
		runbook.Note(ctx, "two")
		if err := runbook.Approve(ctx, runbook.Gate{Text: "Go?", Within: time.Minute}); err != nil {
			return err
		}
		if err := runbook.Do(ctx, step("a")); err != nil {
			return err
		}
		runbook.Note(ctx, "three")
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return err
		}
		runbook.Note(ctx, "four")
		return nil
	})
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.RunID("INC-7", b.Name, 3), TaskQueue: runbook.TaskQueue})
	env.OnSignalExternalWorkflow(mock.Anything, "INC-7", "", runbook.ReportSignal, mock.Anything).Return(
		func(_, _, _, _ string, payload any) error {
			var kinds []runbook.Kind
			for _, r := range payload.(runbook.Report).All() {
				kinds = append(kinds, r.Kind)
				if r.Kind == runbook.Asked {
					env.SignalWorkflow(runbook.AnswerSignal, runbook.Answer{Question: r.Question.ID, Choice: "approve", By: "bob"})
				}
			}
			signals = append(signals, kinds)
			return nil
		})
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, [][]runbook.Kind{
		{runbook.Started, runbook.Noted, runbook.Noted, runbook.Asked},
		{runbook.Answered, runbook.Noted, runbook.Stepped},
		{runbook.Noted},
		{runbook.Noted, runbook.Ended},
	}, signals)
}

func TestWhatCouldNotBeToldGoesWithTheNextReport(t *testing.T) {
	var does, tries int
	var kinds []runbook.Kind
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(func(ctx workflow.Context, _ none) error {
		runbook.Note(ctx, "one")
		if err := workflow.Sleep(ctx, time.Minute); err != nil {
			return err
		}
		return runbook.Do(ctx, runbook.Step{Name: "a", Change: byKey(made{&does})})
	})
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.RunID("INC-7", b.Name, 3), TaskQueue: runbook.TaskQueue})
	env.OnSignalExternalWorkflow(mock.Anything, "INC-7", "", runbook.ReportSignal, mock.Anything).Return(
		func(_, _, _, _ string, payload any) error {
			if tries++; tries <= 3 {
				return errors.New("too many signals")
			}
			for _, r := range payload.(runbook.Report).All() {
				kinds = append(kinds, r.Kind)
			}
			return nil
		})
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.ErrorContains(t, env.GetWorkflowError(), "could not be told")
	require.Zero(t, does, "nothing is changed of which no incident has heard")
	require.Equal(t, []runbook.Kind{runbook.Started, runbook.Noted, runbook.Ended}, kinds)
}

func TestAFailedRunFailsItsWorkflow(t *testing.T) {
	_, _, err := heard(t, doing(failing("a", errRefused)), forEver)
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, runbook.Failed, failed.Type())
	require.True(t, failed.NonRetryable())
	require.Equal(t, "a: somebody was faster", failed.Message())
}

func TestALongTextIsCutBetweenCharacters(t *testing.T) {
	reports, _, err := heard(t, func(ctx workflow.Context, _ none) error {
		runbook.Note(ctx, "%s", strings.Repeat("é", 5000))
		return nil
	}, forEver)
	require.NoError(t, err)
	require.LessOrEqual(t, len(reports[1].Text), 2000)
	require.True(t, utf8.ValidString(reports[1].Text))
	require.True(t, strings.HasSuffix(reports[1].Text, "é…"))
}

// made counts the calls that were made with it.
type made struct{ count *int }

func (made) String() string { return "count" }

func (m made) Make(workflow.Context, string) error {
	*m.count++
	return nil
}

func undoes(count *int) *runbook.Change {
	c := byKey(made{count})
	return &c
}

func TestARunWhoseIncidentIsGoneUndoesOnlyWhatIsSafe(t *testing.T) {
	var does, safeUndos, otherUndos, never int
	steps := []runbook.Step{
		{Name: "other", Change: byKey(made{&does}), Undo: undoes(&otherUndos)},
		{Name: "safe", Change: byKey(made{&does}), Undo: undoes(&safeUndos), Safe: true},
		{Name: "never", Change: byKey(made{&never})},
	}
	reports, _, err := heard(t, doing(steps...), 2)
	require.Len(t, reports, 2)
	require.ErrorContains(t, err, "the incident is gone; undone: safe; still stands: other")
	require.Equal(t, []int{2, 1, 0, 0}, []int{does, safeUndos, otherUndos, never})
}

func TestARunWithoutAnIncidentDoesNothing(t *testing.T) {
	var does int
	_, _, err := heard(t, doing(runbook.Step{Name: "a", Change: byKey(made{&does})}), 0)
	require.ErrorContains(t, err, "the incident is gone")
	require.Zero(t, does)
}

func TestEveryVerbStopsWhenTheIncidentIsGone(t *testing.T) {
	verbs := map[string]func(workflow.Context) error{
		"deployed": func(ctx workflow.Context) error { _, err := runbook.Deployed(ctx, "payments"); return err },
		"ask":      func(ctx workflow.Context) error { _, err := runbook.Ask(ctx, "?", time.Minute, "a"); return err },
		"approve":  func(ctx workflow.Context) error { return runbook.Approve(ctx, runbook.Gate{Text: "?"}) },
		"do":       func(ctx workflow.Context) error { return runbook.Do(ctx, step("a")) },
		"check":    func(ctx workflow.Context) error { _, err := runbook.Check(ctx, runbook.Metric{}); return err },
		"wait":     func(ctx workflow.Context) error { return runbook.Wait(ctx, time.Minute, "it") },
	}
	for name, verb := range verbs {
		t.Run(name, func(t *testing.T) {
			_, _, err := heard(t, func(ctx workflow.Context, _ none) error {
				runbook.Note(ctx, "the last word")
				return verb(ctx)
			}, 0)
			require.ErrorContains(t, err, "the incident is gone")
		})
	}
}

// Steps that follow each other are told together, within two seconds of the
// first; whoever waits is told at once.
func TestStepsAreToldTogether(t *testing.T) {
	var does int
	var steps []runbook.Step
	for n := range 5 {
		steps = append(steps, runbook.Step{Name: fmt.Sprint("step ", n), Change: byKey(made{&does})})
	}
	signals := told(t, func(ctx workflow.Context, _ none) error {
		for _, s := range steps {
			if err := runbook.Do(ctx, s); err != nil {
				return err
			}
		}
		return runbook.Wait(ctx, time.Minute, "for more")
	})
	require.Equal(t, []string{"0 s: started", "2 s: step step step step step", "60 s: ended"}, signals)
}

// told plays a runbook and lists what each signal to its incident brought, and
// when.
func told(t *testing.T, run func(workflow.Context, none) error) []string {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(run)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.RunID("INC-7", b.Name, 3), TaskQueue: runbook.TaskQueue})
	began := env.Now()
	var out []string
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", runbook.ReportSignal, mock.Anything).Return(
		func(_, _, _, _ string, payload any) error {
			var kinds []string
			for _, r := range payload.(runbook.Report).All() {
				kinds = append(kinds, string(r.Kind))
			}
			out = append(out, fmt.Sprintf("%.0f s: %s", env.Now().Sub(began).Seconds(), strings.Join(kinds, " ")))
			return nil
		})
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.NoError(t, env.GetWorkflowError())
	return out
}
