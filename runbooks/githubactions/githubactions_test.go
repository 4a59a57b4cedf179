package githubactions_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/githubactions"
	"github.com/tocsinhq/tocsin/integrations/githubactions/githubtest"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/githubactions"
)

var planned = regexp.MustCompile(`\(plan [0-9a-f]{24}\)`)

// play runs the runbook against the stand-in, over real sockets.
func play(t *testing.T, g *githubtest.GitHub, keyless bool, s runbooktest.Script) []string {
	t.Helper()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte(githubtest.Token), 0o600))
	w := githubactions.Workflow{
		Name: "deploy", File: githubtest.File, Ref: "main", Changes: true, KeyInput: githubtest.KeyInput,
		Inputs: []values.Config{{Name: "version", Type: "text", Match: `\d+\.\d+`}},
	}
	if keyless {
		w.KeyInput = ""
	}
	system, err := githubactions.New(githubactions.Config{
		Name: "shop", URL: g.Start(t), Repository: githubtest.Repository, TokenFile: token, Workflows: []githubactions.Workflow{w},
	})
	require.NoError(t, err)
	s.Activities = func(say runbooktest.Say) []any {
		g.Say = say
		return []any{&activities.GitHub{Systems: map[string]activities.GitHubSystem{"shop": system}}}
	}
	params := map[string]string{"repository": "shop", "workflow": "deploy", "values": `{"version": "1.4"}`}
	maps.Copy(params, s.Params)
	s.Params = params
	got := runbooktest.Play(t, books.Dispatch(), s)
	for n := range got {
		require.NotContains(t, got[n], githubtest.Token)
		got[n] = planned.ReplaceAllString(got[n], "(plan)")
	}
	return got
}

const (
	begun   = `00:00 started alice started github-actions-dispatch with repository=shop values="{\"version\": \"1.4\"}" within=30m workflow=deploy`
	plain   = `dispatch deploy.yml of acme/shop at main; version = 1.4 (plan)`
	call    = `dispatch deploy.yml of acme/shop at main; version = 1.4; tocsin_key = the key of this step (plan)`
	happens = `dispatches 1.4 at main, key INC-1/runbook/github-actions-dispatch/1/step-1`
)

func asked(call string) string {
	return begun + `
00:00 asks approve github-actions-dispatch-1-1: Dispatch deploy of shop?
00:00   dispatch deploy of shop: ` + call + `; provided that deploy of shop is active; nothing undoes it
00:12 answered bob: approve
`
}

func yes(then ...runbooktest.Answer) []runbooktest.Answer {
	return append([]runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}, then...)
}

func says(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: time.Minute, By: "carol", Choice: choice}
}

// controls are what bob has the run do, one a second.
func controls(all ...runbook.Verb) []runbooktest.Control {
	var out []runbooktest.Control
	for n, do := range all {
		out = append(out, runbooktest.Control{After: time.Duration(n) * time.Second, Control: runbook.Control{Do: do, By: "bob"}})
	}
	return out
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	fated := func(fates ...githubtest.Fate) *githubtest.GitHub { return &githubtest.GitHub{Fates: fates} }
	for name, test := range map[string]struct {
		github     *githubtest.GitHub
		keyless    bool
		script     runbooktest.Script
		want       string
		dispatched int
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, want: strings.Replace(begun, "started github", "started a dry run of github", 1) + `
00:00 note would ask for approval, for at most 15 min: Dispatch deploy of shop?
00:00 note would call: ` + call + `; provided that deploy of shop is active; nothing undoes it
00:00 note would wait, for at most 30 min, until the run of deploy of shop is completed
00:00 ended done: dry run: nothing was changed
`},
		"done": {github: &githubtest.GitHub{Polls: 3}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
00:19 note run 1 of deploy of shop succeeded
00:19 ended done: dispatch deploy of shop
`},
		"its run fails": {github: &githubtest.GitHub{Conclusion: "failure"}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
00:12 keeps failed jobs of run 1 of deploy of shop:
00:12   deploy (eu): failure, at the step Roll out with token=[redacted]
00:12 output failed jobs of run 1 of deploy of shop: 1 line, 64 bytes (output github-actions-dispatch-1-1)
00:12 ended failed: run 1 of deploy of shop ended with failure: deploy (eu); still stands: dispatch deploy of shop
`},
		"its run is cancelled": {github: &githubtest.GitHub{Conclusion: "cancelled"}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
00:12 keeps failed jobs of run 1 of deploy of shop:
00:12   deploy (eu): cancelled, at the step Roll out with token=[redacted]
00:12 output failed jobs of run 1 of deploy of shop: 1 line, 66 bytes (output github-actions-dispatch-1-1)
00:12 ended failed: run 1 of deploy of shop ended with cancelled: deploy (eu); still stands: dispatch deploy of shop
`},
		"its run takes too long": {github: &githubtest.GitHub{Polls: 1000}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
30:12 ended failed: the run of deploy of shop is still in_progress, not completed, after 30 min; still stands: dispatch deploy of shop
`},
		"the workflow is disabled": {github: &githubtest.GitHub{State: "disabled_manually"}, want: asked(call) + `
00:12 step dispatch deploy of shop: failed: the world has moved: deploy of shop is disabled_manually, not active
00:12 ended failed: dispatch deploy of shop: the world has moved: deploy of shop is disabled_manually, not active
`},
		"GitHub refuses it": {github: fated(githubtest.Refused), want: strings.ReplaceAll(asked(call)+`
00:12 step dispatch deploy of shop: failed: WHY
00:12 ended failed: dispatch deploy of shop: WHY
`, "WHY", `shop answered 422 Unprocessable Entity: Unexpected inputs provided: ["version"], [hidden]`)},
		"its answer is lost": {github: &githubtest.GitHub{Fates: []githubtest.Fate{githubtest.AnswerLost}, Lag: 3}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:27 step dispatch deploy of shop: done (` + call + `)
00:27 note run 1 of deploy of shop succeeded
00:27 ended done: dispatch deploy of shop
`},
		"GitHub breaks after it": {github: fated(githubtest.Fails), dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:13 step dispatch deploy of shop: done (` + call + `)
00:13 note run 1 of deploy of shop succeeded
00:13 ended done: dispatch deploy of shop
`},
		// No run shows the key: it is not dispatched again before somebody says so.
		"it does not arrive": {github: fated(githubtest.CallLost), script: runbooktest.Script{Answers: yes(says("try again"))}, dispatched: 1, want: asked(call) + `
01:42 asks github-actions-dispatch-1-2: Nobody can tell whether this happened: ` + call + ` (its answer was lost, and no run that shows its key is to be seen). Look, and say. [try again it happened it did not]
02:42 answered carol: try again
02:42 ` + happens + `
02:42 step dispatch deploy of shop: done (` + call + `)
02:42 note run 1 of deploy of shop succeeded
02:42 ended done: dispatch deploy of shop
`},
		// It shows only after somebody was asked, and is not dispatched again.
		"it shows late": {
			github: &githubtest.GitHub{Fates: []githubtest.Fate{githubtest.AnswerLost}, Lag: 9},
			script: runbooktest.Script{Answers: yes(says("try again"))}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
01:42 asks github-actions-dispatch-1-2: Nobody can tell whether this happened: ` + call + ` (its answer was lost, and no run that shows its key is to be seen). Look, and say. [try again it happened it did not]
02:42 answered carol: try again
02:42 step dispatch deploy of shop: done (` + call + `)
02:42 note run 1 of deploy of shop succeeded
02:42 ended done: dispatch deploy of shop
`,
		},
		"an older server": {github: &githubtest.GitHub{Age: githubtest.Rejects, Lag: 2}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
00:19 note run 1 of deploy of shop succeeded
00:19 ended done: dispatch deploy of shop
`},
		"an older server, and a workflow that does not show its key": {
			github: &githubtest.GitHub{Age: githubtest.Silent, Mute: true}, dispatched: 1, want: asked(call) + `
00:12 ` + happens + `
00:12 step dispatch deploy of shop: done (` + call + `)
30:12 ended failed: the run of deploy of shop is still unseen, not completed, after 30 min; still stands: dispatch deploy of shop
`,
		},
		"without a key": {keyless: true, dispatched: 1, want: asked(plain) + `
00:12 dispatches 1.4 at main, key 
00:12 step dispatch deploy of shop: done (` + plain + `)
00:12 note run 1 of deploy of shop succeeded
00:12 ended done: dispatch deploy of shop
`},
		"without a key its answer is lost": {
			github: fated(githubtest.AnswerLost), keyless: true, script: runbooktest.Script{Answers: yes(says("it happened"))}, dispatched: 1, want: asked(plain) + `
00:12 dispatches 1.4 at main, key 
00:12 asks github-actions-dispatch-1-2: Nobody can tell whether this happened: ` + plain + ` (shop cannot be reached: the connection was closed). Look, and say. [try again it happened it did not]
01:12 answered carol: it happened
01:12 step dispatch deploy of shop: done (` + plain + `)
01:12 ended failed: it was dispatched, and nobody can tell which run it became: give the workflow a key_input in the systems file; still stands: dispatch deploy of shop
`,
		},
		"skipped": {
			script: runbooktest.Script{Controls: controls(runbook.Pause, runbook.Skip, runbook.Resume)}, want: begun + `
00:00 note paused by bob
00:01 note skipped by bob: dispatch deploy of shop
00:02 note resumed by bob
00:02 ended done
`,
		},
		"values that do not fit": {script: runbooktest.Script{Params: map[string]string{"values": "{}"}}, want: strings.Replace(begun, `values="{\"version\": \"1.4\"}"`, "values={}", 1) + `
00:00 ended failed: what the systems file says of deploy of shop cannot be read: the values do not fit: version is required (version)
`},
		"no such repository": {script: runbooktest.Script{Params: map[string]string{"repository": "shoe"}}, want: strings.Replace(begun, `=shop`, "=shoe", 1) + `
00:00 ended failed: what the systems file says of deploy of shoe cannot be read: there is no github system "shoe": there are shop
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := test.github
			if g == nil {
				g = &githubtest.GitHub{}
			}
			script := test.script
			if script.Answers == nil {
				script.Answers = yes()
			}
			got := play(t, g, test.keyless, script)
			require.Equal(t, lines(test.want), got)
			require.Equal(t, test.dispatched, g.Dispatched())
		})
	}
}

func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			all = append(all, line)
		}
	}
	return all
}
