package runbook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock" //nolint:depguard // the engine's test environment takes its matchers
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// What a run tells its incident is bounded: it is kept in the incident's
// state, which should weigh 256 KB at most, and a signal of 2 MB fails the
// task of the run for ever.
func TestWhatTheIncidentIsToldIsBounded(t *testing.T) {
	const most = 64 << 10
	for name, run := range map[string]func(workflow.Context, none) error{
		"the plan of an undo": func(ctx workflow.Context, _ none) error {
			for n := range 300 {
				if err := runbook.Do(ctx, step(fmt.Sprint(n, strings.Repeat("x", 400)))); err != nil {
					return err
				}
			}
			return errRefused
		},
		"choices": func(ctx workflow.Context, _ none) error {
			_, err := runbook.Ask(ctx, "Which?", time.Minute, strings.Repeat("x", 1<<20), "b")
			return err
		},
		"the ID of a hatch": func(ctx workflow.Context, _ none) error {
			s := step("a")
			s.Degrades = &runbook.Hatch{ID: strings.Repeat("x", 1<<20), What: "x"}
			return runbook.Do(ctx, s)
		},
		"the parameters of another run": func(ctx workflow.Context, _ none) error {
			return runbook.Run(ctx, "other", map[string]string{"x": strings.Repeat("x", 1<<20)})
		},
		"the owner of a ticket": func(ctx workflow.Context, _ none) error {
			return runbook.Ticket(ctx, runbook.Task{Title: "x", Owner: strings.Repeat("x", 1<<20)})
		},
		"the hatch that it closes": func(ctx workflow.Context, _ none) error {
			return runbook.CloseHatch(ctx, strings.Repeat("x", 1<<20))
		},
		"the hatch that a step closes": func(ctx workflow.Context, _ none) error {
			s := step("a")
			s.Restores = strings.Repeat("x", 1<<20)
			return runbook.Do(ctx, s)
		},
		"who may approve": func(ctx workflow.Context, _ none) error {
			return runbook.Approve(ctx, runbook.Gate{Text: "Go?", Approval: &runbook.Approval{Team: strings.Repeat("x", 1<<20)}})
		},
		"an error": func(workflow.Context, none) error { return errors.New(strings.Repeat("x", 1<<20)) },
		"whom it pages": func(ctx workflow.Context, _ none) error {
			return runbook.Page(ctx, runbook.Target{Person: strings.Repeat("x", 1<<20)}, "x")
		},
	} {
		t.Run(name, func(t *testing.T) {
			var largest int
			for _, rep := range reportsOf(t, run) {
				if b, err := json.Marshal(rep); err == nil {
					largest = max(largest, len(b))
				}
			}
			require.Less(t, largest, most, "bytes in one report")
		})
	}
}

// reportsOf executes a run that nobody answers for two hours.
func reportsOf(t *testing.T, run func(workflow.Context, none) error) (reports []runbook.Report) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(run)
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: incident.RunID("INC-7", b.Name, 3), TaskQueue: runbook.TaskQueue})
	env.OnSignalExternalWorkflow(mock.Anything, "INC-7", "", runbook.ReportSignal, mock.Anything).Return(
		func(_, _, _, _ string, payload any) error {
			reports = append(reports, payload.(runbook.Report).All()...)
			return nil
		})
	env.RegisterDelayedCallback(env.CancelWorkflow, 2*time.Hour)
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.True(t, env.IsWorkflowCompleted())
	return reports
}

func TestALoopOfStepsIsContained(t *testing.T) {
	made := 0
	reports, _, err := heard(t, func(ctx workflow.Context, _ none) error {
		for range 600 {
			if err := runbook.Do(ctx, safe(step("a"))); err != nil {
				return err
			}
			made++
		}
		return nil
	}, forEver)
	require.ErrorContains(t, err, "the run has made 200 steps, which is too many; undone: a, a")
	require.Equal(t, 200, made)
	require.Contains(t, reports[len(reports)-2].Text, "undo a: done")
}

func TestALoopThatTellsThingsIsContained(t *testing.T) {
	for name, verb := range map[string]func(workflow.Context) error{
		"notes":     func(ctx workflow.Context) error { runbook.Note(ctx, "again"); return nil },
		"questions": func(ctx workflow.Context) error { _, err := runbook.Ask(ctx, "?", time.Minute, "a"); return err },
		"tickets":   func(ctx workflow.Context) error { return runbook.Ticket(ctx, runbook.Task{Title: "again"}) },
	} {
		t.Run(name, func(t *testing.T) {
			reports, _, err := heard(t, func(ctx workflow.Context, _ none) error {
				if err := runbook.Do(ctx, safe(step("a"))); err != nil {
					return err
				}
				for {
					if err := verb(ctx); err != nil {
						return err
					}
				}
			}, forEver)
			require.ErrorContains(t, err, "the run has told its incident 1000 things, which is too much; undone: a")
			require.Less(t, len(reports), 1010)
		})
	}
}

func TestALoopOfNotesOfARunThatIsToEndIsContained(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		err := runbook.Wait(ctx, time.Hour, "for the end")
		for {
			runbook.Note(ctx, "it was %v", err)
		}
	}), runbooktest.Script{Cancel: time.Minute})
	require.Contains(t, got[len(got)-1], "ended failed: the runbook panicked: the run has told")
}

func TestALongHistoryEndsARun(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	b := flips(func(ctx workflow.Context, _ none) error {
		for {
			if _, err := runbook.Look(ctx, dawn{}); err != nil {
				return err
			}
		}
	})
	env.RegisterWorkflowWithOptions(b.Execute, workflow.RegisterOptions{Name: b.Name})
	env.RegisterWorkflowWithOptions(runbook.HoldTarget, workflow.RegisterOptions{Name: runbook.HoldType})
	env.OnSignalExternalWorkflow(mock.Anything, mock.Anything, "", mock.Anything, mock.Anything).Return(nil)
	env.SetCurrentHistoryLength(30_000)
	env.ExecuteWorkflow(b.Name, runbook.Input{Facts: runbook.Facts{Incident: "INC-7"}, By: "alice"})
	require.ErrorContains(t, env.GetWorkflowError(), "the run goes on for too long")
}

// Errors, notes and panics go to the timeline, and from there to the ticket.
func TestALongErrorLeavesRoomForWhatStillStands(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		return errors.Join(runbook.Do(ctx, step("a")), errors.New(strings.Repeat("x", 1<<20)))
	}), runbooktest.Script{Answers: []runbooktest.Answer{says("keep")}})
	require.True(t, holds(got, "xx…. Undo a? [keep undo]"))
	require.Regexp(t, "xx…; still stands: a$", got[len(got)-1])
}

func TestASecretInAnErrorIsRemoved(t *testing.T) {
	const secret = "dial postgres://tocsin:hunter2@db/shop: refused"
	for name, run := range map[string]func(workflow.Context, none) error{
		"error": func(workflow.Context, none) error { return errors.New(secret) },
		"panic": func(workflow.Context, none) error { panic(strings.Repeat("x", 170) + " " + secret) },
		"note":  func(ctx workflow.Context, _ none) error { runbook.Note(ctx, secret); return errRefused },
		"question": func(ctx workflow.Context, _ none) error {
			_, err := runbook.Ask(ctx, secret, time.Minute, "yes")
			return errors.Join(err, errRefused)
		},
	} {
		t.Run(name, func(t *testing.T) {
			reports, _, err := heard(t, run, forEver)
			require.Error(t, err)
			told, jsonErr := json.Marshal(reports)
			require.NoError(t, jsonErr)
			require.NotContains(t, string(told)+err.Error(), "hunter2")
		})
	}
}

// What PostgreSQL keeps not may not reach the incident: there it is the title of a
// follow-up, whose record is refused for ever.
func TestATicketHasNoZeroCharacters(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		return runbook.Ticket(ctx, runbook.Task{Title: "Restart \x00", Owner: "bob\x00"})
	}), runbooktest.Script{})
	require.NotContains(t, strings.Join(got, "\n"), "\x00")
}
