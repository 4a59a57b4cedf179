package runbooks_test

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	"github.com/tocsinhq/tocsin/runbooks"
)

// approved is how every roll-back begins that a person approves.
const approved = `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
00:00   roll back payments: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
00:12 answered bob: approve
00:12 calls rollback payments r41 (expected r42)
`

const rolledBack = approved + `
00:12 step roll back payments: done (roll back payments to r41, expecting r42)
`

const worse = rolledBack + `
01:12 measures error_ratio: 0.3
01:42 measures error_ratio: 0.3
02:12 measures error_ratio: 0.3
02:12 note checked the metric: worse (0.3, 0.3, 0.3; healthy below 0.05)
02:12 asks rollback-1-2: The metric is worse after the roll-back. Undo roll back payments? [keep undo]
02:12   undo roll back payments: roll back payments to r42, expecting r41
`

func TestRollback(t *testing.T) {
	yes := runbooktest.Answer{After: 12 * time.Second, By: "bob", Choice: "approve"}
	bad := []float64{0.3}
	good := []float64{0.01, 0.02, 0.01}
	tests := map[string]struct {
		script runbooktest.Script
		want   string
	}{
		"it helps": {
			script: runbooktest.Script{Answers: []runbooktest.Answer{yes}, Samples: good},
			want: rolledBack + `
01:12 measures error_ratio: 0.01
01:42 measures error_ratio: 0.02
02:12 measures error_ratio: 0.01
02:12 note checked the metric: healthy (0.01, 0.02, 0.01; healthy below 0.05)
02:12 ended done: roll back payments
`,
		},
		"refused": {
			script: runbooktest.Script{Answers: []runbooktest.Answer{{
				After: time.Minute, By: "bob", Choice: "refuse", Reason: "it is the database",
			}}},
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
00:00   roll back payments: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
01:00 answered bob: refuse (it is the database)
01:00 ended refused: by bob (it is the database)
`,
		},
		"nobody approves": {
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
00:00   roll back payments: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
15:00 expired nobody answered within 15 min
15:00 ended refused: nobody approved within 15 min
`,
		},
		"the revision moved": {
			script: runbooktest.Script{
				Answers: []runbooktest.Answer{yes},
				Deploys: []runbooktest.Deploy{{After: 5 * time.Second, Target: "payments", Revision: "r43"}},
			},
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
00:00   roll back payments: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
00:05 somebody deploys payments r43
00:12 answered bob: approve
00:12 calls rollback payments r41 (expected r42)
00:12 step roll back payments: failed: payments runs r43, not r42
00:12 ended failed: roll back payments: payments runs r43, not r42
`,
		},
		"worse, and a person keeps it": {
			script: runbooktest.Script{Samples: bad, Answers: []runbooktest.Answer{
				yes, {After: time.Minute, By: "carol", Choice: "keep"},
			}},
			want: worse + `
03:12 answered carol: keep
03:12 ended failed: the metric is worse after the roll-back; still stands: roll back payments
`,
		},
		"worse, and a person undoes it": {
			script: runbooktest.Script{Samples: bad, Answers: []runbooktest.Answer{
				yes, {After: time.Minute, By: "carol", Choice: "undo", Reason: "it was not the release"},
			}},
			want: worse + `
03:12 answered carol: undo (it was not the release)
03:12 calls rollback payments r42 (expected r41)
03:12 step undo roll back payments: done (roll back payments to r42, expecting r41)
03:12 ended failed: the metric is worse after the roll-back; undone: roll back payments
`,
		},
		"worse, and nobody decides": {
			script: runbooktest.Script{Samples: bad, Answers: []runbooktest.Answer{yes}},
			want: worse + `
32:12 expired nobody answered within 30 min
32:12 ended failed: the metric is worse after the roll-back; still stands: roll back payments
`,
		},
		"the metric goes silent": {
			script: runbooktest.Script{Samples: []float64{0.01, math.NaN()}, Answers: []runbooktest.Answer{
				yes, {After: time.Minute, By: "carol", Choice: "keep"},
			}},
			want: rolledBack + `
01:12 measures error_ratio: 0.01
01:42 measures error_ratio: no data
02:12 measures error_ratio: no data
02:12 note checked the metric: unknown (0.01, no data, no data; healthy below 0.05)
02:12 asks rollback-1-2: The metric is unknown after the roll-back. Undo roll back payments? [keep undo]
02:12   undo roll back payments: roll back payments to r42, expecting r41
03:12 answered carol: keep
03:12 ended failed: the metric is unknown after the roll-back; still stands: roll back payments
`,
		},
		"dry run": {
			script: runbooktest.Script{DryRun: true},
			want: `
00:00 started alice started a dry run of rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 note would ask for approval, for at most 15 min: Roll payments back from r42 to r41?
00:00 note would call: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
00:00 note would query, three times within 2 min: error_ratio; healthy below 0.05
00:00 ended done: dry run: nothing was changed
`,
		},
		"nothing ran before": {
			script: runbooktest.Script{Deployed: []incident.Deployment{{Target: "payments", Revision: "r1"}}},
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 ended refused: nothing ran at payments before r1
`,
		},
		"no such target": {
			script: runbooktest.Script{Params: map[string]string{"target": "payment"}},
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payment
00:00 ended failed: what is deployed at payment cannot be read: there is no target payment
`,
		},
		"the answer of the target is lost": {
			script: runbooktest.Script{
				Faults: []runbooktest.Fault{runbooktest.Lost}, Answers: []runbooktest.Answer{yes}, Samples: good,
			},
			want: approved + `
00:13 calls rollback payments r41 (expected r42, the same key again)
00:13 step roll back payments: done (roll back payments to r41, expecting r42)
01:13 measures error_ratio: 0.01
01:43 measures error_ratio: 0.02
02:13 measures error_ratio: 0.01
02:13 note checked the metric: healthy (0.01, 0.02, 0.01; healthy below 0.05)
02:13 ended done: roll back payments
`,
		},
		"the credentials are refused after the answer was lost": {
			script: runbooktest.Script{
				Faults: []runbooktest.Fault{runbooktest.Lost, runbooktest.Forbidden}, Answers: []runbooktest.Answer{yes}, Samples: good,
			},
			want: approved + `
00:13 calls rollback payments r41 (expected r42, the same key again)
00:15 calls rollback payments r41 (expected r42, the same key again)
00:15 step roll back payments: done (roll back payments to r41, expecting r42)
01:15 measures error_ratio: 0.01
01:45 measures error_ratio: 0.02
02:15 measures error_ratio: 0.01
02:15 note checked the metric: healthy (0.01, 0.02, 0.01; healthy below 0.05)
02:15 ended done: roll back payments
`,
		},
		"no query tells whether it helps": {
			script: runbooktest.Script{Params: map[string]string{"check": ""}, Answers: []runbooktest.Answer{yes}},
			want: strings.Replace(approved, "check=error_ratio ", "", 1) + `
00:12 step roll back payments: done (roll back payments to r41, expecting r42)
00:12 note no query tells whether that helps: look yourself
00:12 ended done: roll back payments
`,
		},
		"the roll-back takes its time": {
			script: runbooktest.Script{Polls: 3, Answers: []runbooktest.Answer{yes}, Samples: good},
			want: approved + `
00:18 step roll back payments: done (roll back payments to r41, expecting r42)
01:18 measures error_ratio: 0.01
01:48 measures error_ratio: 0.02
02:18 measures error_ratio: 0.01
02:18 note checked the metric: healthy (0.01, 0.02, 0.01; healthy below 0.05)
02:18 ended done: roll back payments
`,
		},
		"the target fails and changes nothing": {
			script: runbooktest.Script{Faults: []runbooktest.Fault{runbooktest.Broken}, Answers: []runbooktest.Answer{yes}},
			want: approved + `
00:12 step roll back payments: failed: the target could not do it and still runs r42
00:12 ended failed: roll back payments: the target could not do it and still runs r42
`,
		},
		"the target forgets what it was told to do": {
			script: runbooktest.Script{Faults: []runbooktest.Fault{runbooktest.Forgotten}, Answers: []runbooktest.Answer{
				yes, {After: time.Minute, By: "carol", Choice: "it happened"}, {After: time.Minute, By: "carol", Choice: "keep"},
			}},
			want: approved + `
00:12 asks rollback-1-2: Nobody can tell whether this happened: roll back payments to r41, expecting r42 (it was begun, but there is no operation op-0). Look, and say. [try again it happened it did not]
01:12 answered carol: it happened
01:12 step roll back payments: done (roll back payments to r41, expecting r42)
02:12 measures error_ratio: no data
02:42 measures error_ratio: no data
03:12 measures error_ratio: no data
03:12 note checked the metric: unknown (no data, no data, no data; healthy below 0.05)
03:12 asks rollback-1-3: The metric is unknown after the roll-back. Undo roll back payments? [keep undo]
03:12   undo roll back payments: roll back payments to r42, expecting r41
04:12 answered carol: keep
04:12 ended failed: the metric is unknown after the roll-back; still stands: roll back payments
`,
		},
		// The test environment gives up after ten tries, a server after the two
		// minutes are over.
		"the target stays away": {
			script: runbooktest.Script{
				Faults:  slices.Repeat([]runbooktest.Fault{runbooktest.Down}, 100),
				Answers: []runbooktest.Answer{yes, {After: time.Minute, By: "carol", Choice: "it did not"}},
			},
			want: approved + `
00:13 calls rollback payments r41 (expected r42)
00:15 calls rollback payments r41 (expected r42)
00:19 calls rollback payments r41 (expected r42)
00:27 calls rollback payments r41 (expected r42)
00:42 calls rollback payments r41 (expected r42)
00:57 calls rollback payments r41 (expected r42)
01:12 calls rollback payments r41 (expected r42)
01:27 calls rollback payments r41 (expected r42)
01:42 calls rollback payments r41 (expected r42)
01:42 asks rollback-1-2: Nobody can tell whether this happened: roll back payments to r41, expecting r42 (the target does not answer). Look, and say. [try again it happened it did not]
02:42 answered carol: it did not
02:42 step roll back payments: failed: the target does not answer
02:42 ended failed: roll back payments: the target does not answer
`,
		},
		"cancelled while the approval is open": {
			script: runbooktest.Script{Cancel: time.Minute},
			want: `
00:00 started alice started rollback with approve_within=15m below=0.05 check=error_ratio settle=2m target=payments
00:00 note payments runs r42 (1.9); before it ran r41 (1.8)
00:00 asks approve rollback-1-1: Roll payments back from r42 to r41?
00:00   roll back payments: roll back payments to r41, expecting r42; undone by: roll back payments to r42, expecting r41
01:00 expired no longer waited for
01:00 ended cancelled: before the next step
`,
		},
		"cancelled after the change": {
			script: runbooktest.Script{Cancel: time.Minute, Answers: []runbooktest.Answer{yes}},
			want: rolledBack + `
01:00 ended cancelled: before the next step; still stands: roll back payments
`,
		},
		"a parameter that does not fit": {
			script: runbooktest.Script{Params: map[string]string{"below": "five"}},
			want: `
00:00 started alice started rollback
00:00 ended failed: the parameters do not fit: below must be a number, such as 0.05
`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			script := test.script
			script.Params = map[string]string{"target": "payments", "check": "error_ratio", "below": "0.05"}
			maps.Copy(script.Params, test.script.Params)
			if script.Deployed == nil {
				script.Deployed = []incident.Deployment{payments()}
			}
			require.Equal(t, lines(test.want), runbooktest.Play(t, find(t, "rollback"), script))
		})
	}
}

func payments() incident.Deployment {
	return incident.Deployment{
		Target: "payments", Revision: "r42", Version: "1.9",
		Previous: []incident.Revision{{Revision: "r41", Version: "1.8"}, {Revision: "r40", Version: "1.7"}},
	}
}

func find(t *testing.T, name string) runbook.Runbook {
	t.Helper()
	for _, b := range runbooks.All() {
		if b.Name == name {
			return b
		}
	}
	require.Fail(t, "there is no runbook "+name)
	return runbook.Runbook{}
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
