package runbook_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
)

// dawn is a thing that comes by itself after some time.
type dawn struct{ after time.Duration }

func (d dawn) String() string { return "the sky" }

func (d dawn) Read(ctx workflow.Context) (string, error) {
	if workflow.Now(ctx).Sub(workflow.GetInfo(ctx).WorkflowStartTime) < d.after {
		return "dark", nil
	}
	return "light", nil
}

// storm is a thing after which no dawn comes.
type storm struct{ dawn }

func (storm) Read(workflow.Context) (string, error) {
	return "", fmt.Errorf("%w: it has set", runbook.ErrNever)
}

// awaiting waits for what a reading says at most five minutes.
func awaiting(what runbook.Reading) func(workflow.Context, none) error {
	return func(ctx workflow.Context, _ none) error {
		err := runbook.Await(ctx, runbook.Expect(what, "light"), 5*time.Minute)
		if err == nil {
			runbook.Note(ctx, "goes on")
		}
		return err
	}
}

func TestAwait(t *testing.T) {
	for name, test := range map[string]struct {
		what   runbook.Reading
		script runbooktest.Script
		want   string
	}{
		"it is so": {dawn{}, runbooktest.Script{}, `
00:00 note goes on
00:00 ended done
`},
		"it becomes so": {dawn{time.Minute}, runbooktest.Script{}, `
01:00 note goes on
01:00 ended done
`},
		"it never does": {dawn{time.Hour}, runbooktest.Script{}, `
05:00 ended failed: the sky is still dark, not light, after 5 min
`},
		"it cannot be seen": {&lamp{blind: 1000}, runbooktest.Script{}, `
05:00 ended failed: the lamp cannot be read: it is dark
`},
		"it will not come": {storm{}, runbooktest.Script{}, `
00:00 ended failed: it will not come: it has set
`},
		"it is seen later": {&lamp{blind: 3, state: "light"}, runbooktest.Script{}, `
00:07 note goes on
00:07 ended done
`},
		"skipped": {dawn{time.Hour}, runbooktest.Script{Controls: []runbooktest.Control{
			{After: time.Minute, Control: runbook.Control{Do: runbook.Skip, By: "bob"}},
		}}, `
01:00 note skipped by bob: until the sky is light
01:00 note goes on
01:00 ended done
`},
		"cancelled": {dawn{time.Hour}, runbooktest.Script{Cancel: time.Minute}, `
01:00 ended cancelled: before the next step
`},
		"dry run": {dawn{time.Hour}, runbooktest.Script{DryRun: true}, `
00:00 note would wait, for at most 5 min, until the sky is light
00:00 note goes on
00:00 ended done: dry run: nothing was changed
`},
	} {
		t.Run(name, func(t *testing.T) {
			got := runbooktest.Play(t, flips(awaiting(test.what)), test.script)
			require.Equal(t, lines(test.want), got[1:])
		})
	}
}

// patient is a reading that may take minutes, and says how long it is given.
type patient struct{}

func (patient) String() string { return "the tide" }

func (patient) Pace() runbook.Pace { return runbook.Slow }

func (patient) Read(ctx workflow.Context) (string, error) {
	o := workflow.GetActivityOptions(ctx)
	return o.StartToCloseTimeout.String() + ", a sign of life each " + o.HeartbeatTimeout.String(), nil
}

func TestAReadingMayBeSlow(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		found, err := runbook.Look(ctx, patient{})
		runbook.Note(ctx, "%s", found)
		return err
	}), runbooktest.Script{})
	require.Contains(t, got, "00:00 note 15m0s, a sign of life each 30s")
}

// A look at a rollout takes twenty seconds, and the next one comes a second later:
// whoever skips the wait is told that there is nothing to skip.
func TestAWaitIsSkippedWhileItLooks(t *testing.T) {
	got := runbooktest.Play(t, flips(func(ctx workflow.Context, _ none) error {
		return runbook.Await(ctx, runbook.Expect(looked{func(ctx workflow.Context) (string, error) {
			return "off", workflow.Sleep(ctx, 20*time.Second)
		}}, "on"), 15*time.Minute)
	}), runbooktest.Script{Controls: []runbooktest.Control{has(10*time.Second, runbook.Skip, "I see it")}})
	all := strings.Join(got, "\n")
	require.NotContains(t, all, "not taken: skip", all)
	require.Contains(t, all, "ended done", all)
}
