package runbook_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// lamp is a thing that is switched on and off, and whose answers get lost.
type lamp struct {
	state string
	// lost says of each call whether it is done and its answer lost, or whether
	// it does not arrive.
	lost []fault
	// blind counts the looks that fail.
	blind int
}

type fault int

const (
	arrives fault = iota
	answerLost
	callLost
)

// turn is the call that switches a lamp.
type turn struct {
	*lamp
	to string
}

func (c turn) String() string { return "turn the lamp " + c.to }

func (c turn) Make(ctx workflow.Context, _ string) error {
	runbook.Note(ctx, "turns %s", c.to)
	what := arrives
	if len(c.lost) > 0 {
		what, c.lost = c.lost[0], c.lost[1:]
	}
	if what != callLost {
		c.state = c.to
	}
	if what != arrives {
		return errUnknown
	}
	return nil
}

func (l *lamp) String() string { return "the lamp" }

func (l *lamp) Read(workflow.Context) (string, error) {
	if l.blind > 0 {
		l.blind--
		return "", errors.New("it is dark")
	}
	return l.state, nil
}

// on is the step that turns a lamp on.
func (l *lamp) on(repeat runbook.Repeat) runbook.Step {
	return runbook.Step{Name: "on", Change: runbook.Change{Call: turn{l, "on"}, Repeat: repeat, Done: runbook.Expect(l, "on")}}
}

func TestRepeats(t *testing.T) {
	expecting := func(l *lamp, is string) runbook.Step {
		s := l.on(runbook.ByKey)
		s.Expects = []runbook.Expectation{runbook.Expect(l, is)}
		return s
	}
	for name, test := range map[string]struct {
		lamp   lamp
		step   func(l *lamp) runbook.Step
		script runbooktest.Script
		want   string
	}{
		"what can be looked at is looked at, and acted on": {
			lamp: lamp{state: "off"}, step: func(l *lamp) runbook.Step { return l.on(runbook.CheckThenAct) },
			want: `
00:00 note turns on
00:00 step on: done (turn the lamp on)
00:00 ended done: on
`,
		},
		"what is so already is not done": {
			lamp: lamp{state: "on"}, step: func(l *lamp) runbook.Step { return l.on(runbook.CheckThenAct) },
			want: `
00:00 step on: was so already (turn the lamp on)
00:00 ended done
`,
		},
		"an answer that is lost is made up for by a look": {
			lamp: lamp{state: "off", lost: []fault{answerLost}}, step: func(l *lamp) runbook.Step { return l.on(runbook.CheckThenAct) },
			want: `
00:00 note turns on
00:01 step on: done (turn the lamp on)
00:01 ended done: on
`,
		},
		"a call that is lost is made again": {
			lamp: lamp{state: "off", lost: []fault{callLost, callLost}}, step: func(l *lamp) runbook.Step { return l.on(runbook.CheckThenAct) },
			want: `
00:00 note turns on
00:01 note turns on
00:03 note turns on
00:03 step on: done (turn the lamp on)
00:03 ended done: on
`,
		},
		"nothing is done where nobody can look": {
			lamp: lamp{state: "off", blind: 1}, step: func(l *lamp) runbook.Step { return l.on(runbook.CheckThenAct) },
			want: `
00:00 step on: failed: the lamp cannot be read: it is dark
00:00 ended failed: on: the lamp cannot be read: it is dark
`,
		},
		"what may be done once is done once, and a person asked": {
			lamp: lamp{state: "off", lost: []fault{answerLost}}, step: func(l *lamp) runbook.Step { return l.on(runbook.OnceThenAsk) },
			script: runbooktest.Script{Answers: []runbooktest.Answer{says("it happened")}},
			want: `
00:00 note turns on
00:00 asks flips-1-1: Nobody can tell whether this happened: turn the lamp on (no answer). Look, and say. [try again it happened it did not]
01:00 answered bob: it happened
01:00 step on: done (turn the lamp on)
01:00 ended done: on
`,
		},
		"the world is as expected": {
			lamp: lamp{state: "off"}, step: func(l *lamp) runbook.Step { return expecting(l, "off") },
			want: `
00:00 note turns on
00:00 step on: done (turn the lamp on)
00:00 ended done: on
`,
		},
		"the world has moved": {
			lamp: lamp{state: "broken"}, step: func(l *lamp) runbook.Step { return expecting(l, "off") },
			want: `
00:00 step on: failed: the world has moved: the lamp is broken, not off
00:00 ended failed: on: the world has moved: the lamp is broken, not off
`,
		},
		"nobody knows whether the world has moved": {
			lamp: lamp{state: "off", blind: 1}, step: func(l *lamp) runbook.Step { return expecting(l, "off") },
			want: `
00:00 step on: failed: the lamp cannot be read: it is dark
00:00 ended failed: on: the lamp cannot be read: it is dark
`,
		},
		"a repeat that is not declared": {
			step: func(l *lamp) runbook.Step { return l.on(0) },
			want: `
00:00 ended failed: on: it does not say how a repeat is safe (Repeat)
`,
		},
		"a check without what to look at": {
			step: func(l *lamp) runbook.Step {
				s := l.on(runbook.CheckThenAct)
				s.Done = runbook.Expectation{}
				return s
			},
			want: `
00:00 ended failed: on: it is checked before it acts, and does not say what to look at (Done)
`,
		},
		"an undo whose repeat is not declared, found out by a dry run": {
			step: func(l *lamp) runbook.Step {
				s := l.on(runbook.ByKey)
				s.Undo = &runbook.Change{Call: turn{l, "off"}}
				return s
			},
			script: runbooktest.Script{DryRun: true},
			want: `
00:00 ended failed: on: its undo: it does not say how a repeat is safe (Repeat)
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := runbooktest.Play(t, flips(doing(test.step(&test.lamp))), test.script)
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

func TestWhatStaysUnknownAfterTwoMinutesIsAsked(t *testing.T) {
	l := lamp{state: "off"}
	for range 100 {
		l.lost = append(l.lost, callLost)
	}
	got := runbooktest.Play(t, flips(doing(l.on(runbook.CheckThenAct))), runbooktest.Script{
		Answers: []runbooktest.Answer{{After: time.Minute, By: "bob", Choice: "it did not"}},
	})
	require.Equal(t, lines(`
01:45 note turns on
02:00 asks flips-1-1: Nobody can tell whether this happened: turn the lamp on (no answer). Look, and say. [try again it happened it did not]
03:00 answered bob: it did not
03:00 step on: failed: no answer
03:00 ended failed: on: no answer
`), got[len(got)-5:])
}

func TestADiagnosticChangesNothing(t *testing.T) {
	b := runbook.New(doing(step("a")), runbook.Spec{Name: "flips"})
	got := runbooktest.Play(t, b, runbooktest.Script{})
	require.Equal(t, []string{"00:00 ended failed: a: this runbook says that it changes nothing: it names no Target"}, got[1:])
}

func TestTheLimitIsAddedUpOverTheRun(t *testing.T) {
	touching := func(what string, n, of int) runbook.Step {
		s := step(what)
		s.Undo, s.Touches = nil, runbook.Touches{Count: n, Of: of, What: "pods"}
		return s
	}
	for name, test := range map[string]struct {
		limit runbook.Limit
		steps []runbook.Step
		end   string
	}{
		"within":      {runbook.Limit{Count: 3, Percent: 50}, []runbook.Step{touching("a", 1, 6), touching("b", 2, 6)}, "ended done: a, b"},
		"too many":    {runbook.Limit{Count: 3}, []runbook.Step{touching("a", 2, 40), touching("b", 2, 40)}, "ended failed: b: the run would touch 4 pods; the limit is 3; still stands: a"},
		"too much":    {runbook.Limit{Percent: 10}, []runbook.Step{touching("a", 5, 40)}, "ended failed: a: the run would touch 5 of 40 pods; the limit is 10 %"},
		"not said":    {runbook.Limit{Count: 3}, []runbook.Step{step("a")}, "ended failed: a: it does not say how much it touches, and the runbook has a limit"},
		"of how many": {runbook.Limit{Percent: 10}, []runbook.Step{touching("a", 1, 0)}, "ended failed: a: it does not say of how many it touches 1, and the limit is 10 %"},
	} {
		t.Run(name, func(t *testing.T) {
			b := runbook.New(doing(test.steps...), runbook.Spec{Name: "flips", Target: "lamps", Limit: test.limit})
			got := runbooktest.Play(t, b, runbooktest.Script{})
			require.Equal(t, "00:00 "+test.end, got[len(got)-1])
		})
	}
}

func TestTheLimitCountsWhatWasMade(t *testing.T) {
	touching := func(s runbook.Step) runbook.Step {
		s.Undo, s.Touches = nil, runbook.Touches{Count: 2, What: "pods"}
		return s
	}
	got := runbooktest.Play(t, runbook.New(func(ctx workflow.Context, _ none) error {
		err := runbook.Do(ctx, touching(failing("a", errRefused)))
		runbook.Note(ctx, "goes on: %v", err)
		return runbook.Do(ctx, touching(step("b")))
	}, runbook.Spec{Name: "flips", Target: "lamps", Limit: runbook.Limit{Count: 3}}), runbooktest.Script{})
	require.Equal(t, "00:00 ended done: b", got[len(got)-1])
}

// scripted answers each try with the next error.
type scripted struct {
	what string
	errs *[]error
}

func (s scripted) String() string { return "flip " + s.what }

func (s scripted) Make(ctx workflow.Context, key string) error {
	runbook.Note(ctx, "flips %s with %s", s.what, key)
	if len(*s.errs) == 0 {
		return nil
	}
	err := (*s.errs)[0]
	*s.errs = (*s.errs)[1:]
	return err
}

func TestATryThatIsRefusedSaysNothingOfTheOneBefore(t *testing.T) {
	errs := []error{errUnknown, errRefused}
	s := runbook.Step{Name: "a", Change: runbook.Change{Call: scripted{"a", &errs}, Repeat: runbook.OnceThenAsk}, Undo: back("a")}
	got := runbooktest.Play(t, flips(doing(s)), runbooktest.Script{
		Answers: []runbooktest.Answer{says("try again"), {}, says("undo")},
	})
	require.Equal(t, lines(`
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (no answer). Look, and say. [try again it happened it did not]
01:00 answered bob: try again
01:00 note flips a with INC-1/runbook/flips/1/step-1
01:00 asks flips-1-2: Nobody can tell whether this happened: flip a (somebody was faster). Look, and say. [try again it happened it did not]
31:00 expired nobody answered within 30 min
31:00 step a: failed: its outcome is unknown: somebody was faster
31:00 asks flips-1-3: A: its outcome is unknown: somebody was faster. Undo a (if it happened)? [keep undo]
31:00   undo a (if it happened): flip a back
32:00 answered bob: undo
32:00 note flips a back with INC-1/runbook/flips/1/step-1/undo
32:00 step undo a: done (flip a back)
32:00 ended failed: a: its outcome is unknown: somebody was faster; undone: a (if it happened)
`), got[1:])
}

// The change took effect, its answer was lost, and nobody could look for two
// minutes. A person has it tried again, and the look now finds it done.
func TestWhatWasDoneByAnEarlierTryIsThisRunsDoing(t *testing.T) {
	calls := 0
	var away bool
	errs := []error{errUnknown}
	reading := looked{func(ctx workflow.Context) (string, error) {
		calls++
		switch {
		case calls == 1:
			return "off", nil
		case !away:
			return "", errUnknown
		}
		return "on", nil
	}}
	s := runbook.Step{Name: "a", Undo: back("a"), Change: runbook.Change{
		Call: scripted{"a", &errs}, Repeat: runbook.CheckThenAct, Done: runbook.Expect(reading, "on"),
	}}
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		workflow.Go(ctx, func(ctx workflow.Context) { _ = workflow.Sleep(ctx, 10*time.Minute); away = true })
		if err := runbook.Do(ctx, s); err != nil {
			return err
		}
		return runbook.Do(ctx, failing("b", errRefused))
	}), runbooktest.Script{Answers: []runbooktest.Answer{
		{After: 20 * time.Minute, By: "bob", Choice: "try again"}, says("undo"),
	}})
	require.True(t, holds(got, "Undo a?"), strings.Join(got, "\n"))
}

// What an author's code does not say is unknown, also when it panics.
func TestACallThatPanicsMayHaveBeenMade(t *testing.T) {
	got := runbooktest.Play(t, flips(doing(runbook.Step{Name: "a", Change: byKey(panicking{flip{what: "a"}}), Undo: back("a")})), runbooktest.Script{
		Answers: []runbooktest.Answer{says("it happened")},
	})
	require.Equal(t, lines(`
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 asks flips-1-1: Nobody can tell whether this happened: flip a (the runbook panicked: oops). Look, and say. [try again it happened it did not]
01:00 answered bob: it happened
01:00 step a: done (flip a)
01:00 ended done: a
`), got[1:])
}

// panicking is a call that panics when it was made.
type panicking struct{ flip }

func (p panicking) Make(ctx workflow.Context, key string) error {
	_ = p.flip.Make(ctx, key)
	panic("oops")
}

// typedNil is the mistake that every Go developer makes once: an error that holds
// no error.
type typedNil struct{ flip }

func (c typedNil) Make(ctx workflow.Context, key string) error {
	_ = c.flip.Make(ctx, key)
	var failure *incident.Error
	return failure
}

func TestAStepThatPanicsTheKitWithItsErrorIsUndone(t *testing.T) {
	s := step("a")
	s.Call = typedNil{flip{what: "a"}}
	got := runbooktest.Play(t, flips(doing(s)), runbooktest.Script{Answers: []runbooktest.Answer{says("undo"), says("undo")}})
	all := strings.Join(got, "\n")
	require.Regexp(t, "undo a: done|still stands: a", all)
}

func returnsTypedNil(ctx workflow.Context, _ none) error {
	if err := runbook.Do(ctx, step("a")); err != nil {
		return err
	}
	var failure *incident.Error
	return failure
}

func TestARunbookWhoseErrorPanicsEnds(t *testing.T) {
	got := runbooktest.Play(t, flips(returnsTypedNil), runbooktest.Script{Answers: []runbooktest.Answer{says("undo")}})
	all := strings.Join(got, "\n")
	require.Contains(t, all, "ended failed", all)
}

// A branch fails while nobody knows whether the call of another took effect:
// nobody is asked, the reason is lost, and the undo is made all the same.
func TestAnUnknownOutcomeIsAskedWhenAnotherBranchHasFailed(t *testing.T) {
	b := safe(step("b"))
	b.Call = slowlyUnknown{flip{what: "b"}}
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		return runbook.Parallel(ctx,
			func(ctx workflow.Context) error { return runbook.Do(ctx, b) },
			func(ctx workflow.Context) error {
				if err := runbook.Wait(ctx, time.Minute, "for calm"); err != nil {
					return err
				}
				return runbook.Do(ctx, failing("c", errRefused))
			})
	}), runbooktest.Script{Answers: []runbooktest.Answer{says("it did not")}})
	all := strings.Join(got, "\n")
	require.NotContains(t, all, "flips b back", all)
	require.NotContains(t, all, "step b: failed: canceled", all)
}

// Nobody can answer any more, and its target is held meanwhile.
func TestAQuestionEndsWithItsIncident(t *testing.T) {
	var waited time.Duration
	b := flips(func(ctx workflow.Context, _ none) error {
		began := workflow.Now(ctx)
		err := runbook.Parallel(ctx,
			func(ctx workflow.Context) error { return runbook.Do(ctx, failing("a", errUnknown)) },
			func(ctx workflow.Context) error {
				if err := runbook.Wait(ctx, time.Minute, "for calm"); err != nil {
					return err
				}
				return runbook.Do(ctx, step("b"))
			})
		waited = workflow.Now(ctx).Sub(began)
		return err
	})
	got := runbooktest.Play(t, b, runbooktest.Script{Gone: 30 * time.Second})
	require.Less(t, waited, 10*time.Minute, "%v", got)
}
