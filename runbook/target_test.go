package runbook_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

func TestOneRunChangesATargetAtATime(t *testing.T) {
	held := runbooktest.Held{"lamps": "INC-3/runbook/flips/1"}
	for name, test := range map[string]struct {
		b      runbook.Runbook
		script runbooktest.Script
		want   string
	}{
		"held": {flips(doing(step("a"))), runbooktest.Script{Held: held}, `
00:00 ended refused: lamps is being changed by INC-3/runbook/flips/1
`},
		"held, and the glass is broken": {flips(doing(step("a"))), runbooktest.Script{Held: held, BreakGlass: "bob is asleep"}, `
00:00 note alice breaks the glass (bob is asleep): lamps is being changed by INC-3/runbook/flips/1 too
00:00 tells INC-3/runbook/flips/1: warn by alice (INC-1/runbook/flips/1 changes lamps too: bob is asleep)
00:00 note flips a with INC-1/runbook/flips/1/step-1
00:00 step a: done (flip a)
00:00 ended done: a
`},
		"let go, and not to be had": {flips(doing(step("a"))), runbooktest.Script{Held: runbooktest.Held{"lamps": ""}}, `
00:05 ended failed: lamps cannot be taken: try again
`},
		"a dry run needs nothing": {flips(doing(step("a"))), runbooktest.Script{Held: held, DryRun: true}, `
00:00 note would call: flip a; undone by: flip a back
00:00 ended done: dry run: nothing was changed
`},
		"a diagnostic needs nothing": {runbook.New(doing(), runbook.Spec{Name: "flips"}), runbooktest.Script{Held: held}, `
00:00 ended done
`},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, lines(test.want), runbooktest.Play(t, test.b, test.script)[1:])
		})
	}
}

func TestARunSaysThatTheGlassWasBroken(t *testing.T) {
	got := runbooktest.Play(t, flips(slowly), runbooktest.Script{Controls: []runbooktest.Control{
		has(0, "warn", "INC-9/runbook/flips/1 changes lamps too: bob is asleep"),
	}})
	require.Contains(t, got, "00:00 note the glass was broken by bob (INC-9/runbook/flips/1 changes lamps too: bob is asleep)")
}
