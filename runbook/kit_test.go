package runbook_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// flip is a call that only says that it was made, with which key.
type flip struct {
	what string
	err  error
}

func (f flip) String() string { return "flip " + f.what }

func (f flip) Make(ctx workflow.Context, key string) error {
	runbook.Note(ctx, "flips %s with %s", f.what, key)
	return f.err
}

// slow is a call that takes two minutes.
type slow struct{ flip }

func (s slow) Make(ctx workflow.Context, key string) error {
	if err := s.flip.Make(ctx, key); err != nil {
		return err
	}
	return workflow.Sleep(ctx, 2*time.Minute)
}

// byKey is a change that is repeated by its key.
func byKey(c runbook.Call) runbook.Change { return runbook.Change{Call: c, Repeat: runbook.ByKey} }

// back is the way back.
func back(what string) *runbook.Change {
	c := byKey(flip{what: what + " back"})
	return &c
}

// step flips something, and back.
func step(what string) runbook.Step {
	return runbook.Step{Name: what, Change: byKey(flip{what: what}), Undo: back(what)}
}

func failing(what string, err error) runbook.Step {
	return runbook.Step{Name: what, Change: byKey(flip{what: what, err: err}), Undo: back(what)}
}

// badUndo is a safe step whose undo is refused.
func badUndo(what string) runbook.Step {
	s := safe(step(what))
	s.Undo.Call = flip{what: what + " back", err: errRefused}
	return s
}

func safe(s runbook.Step) runbook.Step {
	s.Safe = true
	return s
}

// none are no parameters.
type none struct{}

// flips is a runbook that may change the lamps.
func flips(run func(workflow.Context, none) error) runbook.Runbook {
	return runbook.New(run, runbook.Spec{Name: "flips", Target: "lamps"})
}

// doing is a runbook of nothing but steps.
func doing(steps ...runbook.Step) func(workflow.Context, none) error {
	return func(ctx workflow.Context, _ none) error {
		for _, s := range steps {
			if err := runbook.Do(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}
}

func says(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: time.Minute, By: "bob", Choice: choice}
}

var (
	errRefused = incident.Errorf(incident.Conflict, "somebody was faster")
	errUnknown = incident.Errorf(incident.Unavailable, "no answer")
)

func TestRun(t *testing.T) {
	tests := map[string]struct {
		run    func(workflow.Context, none) error
		script runbooktest.Script
		want   string
	}{
		"steps carry keys of their own": {
			run: doing(step("a"), step("b")),
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 note flips b with INC-1/runbook/flips/1/step-2
00:00 step b: done (flip b)
00:00 ended done: a, b
`,
		},
		"a failing third step undoes the second and the first, in this order": {
			run: doing(safe(step("a")), safe(step("b")), failing("c", errRefused), step("d")),
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 note flips b with INC-1/runbook/flips/1/step-2
00:00 step b: done (flip b)
00:00 note flips c with INC-1/runbook/flips/1/step-3
00:00 step c: failed: somebody was faster
00:00 note flips b back with INC-1/runbook/flips/1/step-2/undo
00:00 step undo b: done (flip b back)
00:00 note flips a back with INC-1/runbook/flips/1/step-1/undo
00:00 step undo a: done (flip a back)
00:00 ended failed: c: somebody was faster; undone: a, b
`,
		},
		"what is not safe is offered, and may be kept": {
			run:    doing(step("a"), step("b"), failing("c", errRefused)),
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("keep")}},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 note flips b with INC-1/runbook/flips/1/step-2
00:00 step b: done (flip b)
00:00 note flips c with INC-1/runbook/flips/1/step-3
00:00 step c: failed: somebody was faster
00:00 asks flips-1-1: C: somebody was faster. Undo b, then a? [keep undo]
00:00   undo b: flip b back
00:00   undo a: flip a back
01:00 answered bob: keep
01:00 ended failed: c: somebody was faster; still stands: a, b
`,
		},
		"an undo that fails leaves what is older": {
			run: doing(safe(step("a")), badUndo("b"), failing("c", errRefused)),
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 note flips b with INC-1/runbook/flips/1/step-2
00:00 step b: done (flip b)
00:00 note flips c with INC-1/runbook/flips/1/step-3
00:00 step c: failed: somebody was faster
00:00 note flips b back with INC-1/runbook/flips/1/step-2/undo
00:00 step undo b: failed: somebody was faster
00:00 ended failed: c: somebody was faster; still stands: a, b
`,
		},
		"an unknown outcome asks a person, who has it tried again": {
			run:    doing(failing("a", errUnknown)),
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("try again"), says("it happened")}},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
01:00 answered bob: try again
01:00 note flips a with INC-1/runbook/flips/1/step-1
01:00 asks flips-1-2: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
02:00 answered bob: it happened
02:00 step a: done (flip a)
02:00 ended done: a
`,
		},
		"an unknown outcome that did not happen leaves nothing to undo": {
			run:    doing(failing("a", errUnknown)),
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("it did not")}},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
01:00 answered bob: it did not
01:00 step a: failed: no answer
01:00 ended failed: a: no answer
`,
		},
		"an unknown outcome that stays unknown has its undo offered": {
			run:    doing(failing("a", errUnknown)),
			script: runbooktest.Script{Answers: []runbooktest.Answer{{}, says("undo")}},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
30:00 expired nobody answered within 30 min
30:00 step a: failed: its outcome is unknown: no answer
30:00 asks flips-1-2: A: its outcome is unknown: no answer. Undo a (if it happened)? [keep undo]
30:00   undo a (if it happened): flip a back
31:00 answered bob: undo
31:00 note flips a back with INC-1/runbook/flips/1/step-1/undo
31:00 step undo a: done (flip a back)
31:00 ended failed: a: its outcome is unknown: no answer; undone: a (if it happened)
`,
		},
		"a run that is aborted while an outcome is unknown says so when it offers the undo": {
			run: doing(failing("a", errUnknown)),
			script: runbooktest.Script{
				Controls: []runbooktest.Control{{After: time.Minute, Control: runbook.Control{Do: runbook.Abort, By: "bob"}}},
				Answers:  []runbooktest.Answer{{}, says("keep")},
			},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
01:00 note to be aborted by bob
01:00 expired no longer waited for
01:00 step a: failed: its outcome is unknown (no answer): aborted by bob
01:00 asks flips-1-2: A: its outcome is unknown (no answer): aborted by bob. Undo a (if it happened)? [keep undo]
01:00   undo a (if it happened): flip a back
02:00 answered bob: keep
02:00 ended cancelled: a: its outcome is unknown (no answer): aborted by bob; still stands: a (if it happened)
`,
		},
		"an answer to something else is not taken": {
			run: func(ctx workflow.Context, _ none) error {
				choice, err := runbook.Ask(ctx, "Which?", 10*time.Minute, "left", "right")
				runbook.Note(ctx, "went %q", choice)
				return err
			},
			script: runbooktest.Script{Answers: []runbooktest.Answer{{
				After: time.Minute, By: "bob", Choice: "left", To: "other-1-1",
			}}},
			want: `
00:00 asks flips-1-1: Which? [left right]
01:00 note not taken: bob answered "left" to other-1-1, which is not open for that
10:00 expired nobody answered within 10 min
10:00 note went ""
10:00 ended done
`,
		},
		"an answer that comes too late is told": {
			run: func(ctx workflow.Context, _ none) error {
				if _, err := runbook.Ask(ctx, "Which?", time.Minute, "left", "right"); err != nil {
					return err
				}
				return runbook.Wait(ctx, time.Hour, "for the late")
			},
			script: runbooktest.Script{Answers: []runbooktest.Answer{{After: 2 * time.Minute, By: "bob", Choice: "left"}}},
			want: `
00:00 asks flips-1-1: Which? [left right]
01:00 expired nobody answered within 1 min
61:00 note not taken: bob answered "left" to flips-1-1, which is not open for that
61:00 ended done
`,
		},
		"a choice that was not given is not taken": {
			run: func(ctx workflow.Context, _ none) error {
				return runbook.Approve(ctx, runbook.Gate{Text: "Go?", Within: 10 * time.Minute})
			},
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("perhaps")}},
			want: `
00:00 asks approve flips-1-1: Go?
01:00 note not taken: bob answered "perhaps" to flips-1-1, which is not open for that
10:00 expired nobody answered within 10 min
10:00 ended refused: nobody approved within 10 min
`,
		},
		"a panic is contained, and what was done is offered back": {
			run: func(ctx workflow.Context, _ none) error {
				if err := runbook.Do(ctx, step("a")); err != nil {
					return err
				}
				panic("no such lamp")
			},
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("keep")}},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 asks flips-1-1: The runbook panicked: no such lamp. Undo a? [keep undo]
00:00   undo a: flip a back
01:00 answered bob: keep
01:00 ended failed: the runbook panicked: no such lamp; still stands: a
`,
		},
		"a cancelled run finishes its step and offers nothing": {
			run:    doing(safe(runbook.Step{Name: "a", Change: byKey(slow{flip{what: "a"}}), Undo: back("a")}), step("b")),
			script: runbooktest.Script{Cancel: time.Minute},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
02:00 step a: done (flip a)
02:00 ended cancelled: before the next step; still stands: a
`,
		},
		"a cancelled run withdraws its question": {
			run:    doing(failing("a", errUnknown)),
			script: runbooktest.Script{Cancel: time.Minute},
			want: `
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
01:00 expired no longer waited for
01:00 step a: failed: its outcome is unknown (no answer): canceled
01:00 ended cancelled: before the next step; still stands: a (if it happened)
`,
		},
		"a dry run lists everything and waits for nothing": {
			run: func(ctx workflow.Context, _ none) error {
				choice, err := runbook.Ask(ctx, "Which?", time.Minute, "left", "right")
				if err != nil {
					return err
				}
				if err := runbook.Wait(ctx, time.Hour, "until it is calm"); err != nil {
					return err
				}
				return runbook.Do(ctx, runbook.Step{Name: choice, Change: byKey(flip{what: choice})})
			},
			script: runbooktest.Script{DryRun: true},
			want: `
00:00 note would ask, for at most 1 min: Which? (left / right)
00:00 note would wait 1 h: until it is calm
00:00 note would call: flip left; nothing undoes it
00:00 ended done: dry run: nothing was changed
`,
		},
		"a question without a choice is the author's mistake": {
			run: func(ctx workflow.Context, _ none) error {
				_, err := runbook.Ask(ctx, "Well?", time.Minute)
				return err
			},
			want: `
00:00 ended failed: a question needs at least one choice
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := flips(test.run)
			got := runbooktest.Play(t, b, test.script)
			require.Contains(t, got[0], "alice started")
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// holds reports whether a line of a transcript says something.
func holds(got []string, part string) bool {
	return slices.ContainsFunc(got, func(line string) bool { return strings.Contains(line, part) })
}

// The engine's own panics go on to the engine, which fails the task and tries it
// again, for ever.
func TestAPanicWithAHostileTextIsContained(t *testing.T) {
	label := "[TMPRL1100] x"
	for name, what := range map[string]any{"text": label, "error": errors.New(label), "text that holds it": "no such pod: " + label} {
		t.Run(name, func(t *testing.T) {
			got := runbooktest.Play(t, flips(func(workflow.Context, none) error { panic(what) }), runbooktest.Script{})
			require.Contains(t, got[len(got)-1], "ended failed: the runbook panicked: ")
		})
	}
}
