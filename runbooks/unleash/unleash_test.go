package unleash_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/integrations/unleash"
	"github.com/tocsinhq/tocsin/integrations/unleash/unleashtest"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/unleash"
	"github.com/tocsinhq/tocsin/store/storetest"
	"github.com/tocsinhq/tocsin/systems"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// shop is a real Unleash, at which somebody else may be at work too.
type shop struct {
	*unleash.System
	// meanwhile is done once, after the flag was looked at for the first time.
	meanwhile func()
}

func (s *shop) State(ctx context.Context, flag string) (systems.FlagState, error) {
	state, err := s.System.State(ctx, flag)
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	return state, err
}

var (
	planned = regexp.MustCompile(`\(plan [0-9a-f]{12}\)`)
	digests = regexp.MustCompile(`\([0-9a-f]{8}\)`)
)

// play plays a runbook against an Unleash. FLAG stands for the flag's name.
func play(t *testing.T, b runbook.Runbook, s *shop, flag string, script runbooktest.Script) []string {
	t.Helper()
	params := map[string]string{"system": "shop", "flag": flag}
	maps.Copy(params, script.Params)
	script.Params = params
	if script.Activities == nil {
		script.Activities = with(s, nil)
	}
	if script.Answers == nil {
		script.Answers = []runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}
	}
	got := runbooktest.Play(t, b, script)
	for n := range got {
		got[n] = strings.ReplaceAll(digests.ReplaceAllString(planned.ReplaceAllString(got[n], "(plan)"), "(rules)"), flag, "FLAG")
	}
	return got
}

func with(s *shop, front *unleashtest.Front) func(runbooktest.Say) []any {
	return func(say runbooktest.Say) []any {
		if front != nil {
			front.Say = say
		}
		return []any{&activities.Unleash{Systems: map[string]activities.UnleashSystem{"shop": s}}}
	}
}

func connect(t *testing.T, url, token string) *shop {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
	s, err := unleash.New(unleash.Config{
		Name: "shop", URL: url, Project: unleashtest.Project, Environment: unleashtest.Environment, TokenFile: file, Flags: []string{"flag-*"},
	})
	require.NoError(t, err)
	return &shop{System: s}
}

const (
	call = `turn FLAG off in production at shop (plan)`
	back = `turn FLAG on in production at shop (plan)`

	begun = `
00:00 started alice started flag-set with flag=FLAG system=shop to=off`
	asked = begun + `
00:00 asks approve flag-set-1-1: Turn FLAG off?
00:00   turn FLAG off: ` + call + `; provided that it is on; undone by: ` + back + `
00:12 answered bob: approve
`
	// Whatever turns a flag closes the hatch that turning it the other way opened.
	closed = `00:12 restored unleash/shop/FLAG/on
`
	done = `00:12 step turn FLAG off: done (` + call + `)
` + closed + `00:12 ended done: turn FLAG off
`
)

// TestARealUnleash starts one for all that is played against it: each play has a
// flag of its own.
func TestARealUnleash(t *testing.T) {
	t.Parallel()
	real := unleashtest.Start(t, storetest.Postgres(t))
	t.Run("flag-set", func(t *testing.T) { set(t, real) })
	t.Run("flag-status", func(t *testing.T) { status(t, real) })
	t.Run("undo", func(t *testing.T) { undone(t, real) })
}

func set(t *testing.T, real *unleashtest.Server) {
	t.Parallel()
	for name, test := range map[string]struct {
		fates []unleashtest.Fate
		// token is the editor's when it is empty; was is on when it is empty, or off,
		// or bare without a strategy; left is what the flag is in the end.
		token, was, left string
		// meanwhile is what somebody else does.
		meanwhile func(t *testing.T, flag string)
		script    runbooktest.Script
		want      string
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, left: "on", want: `
00:00 started alice started a dry run of flag-set with flag=FLAG system=shop to=off
00:00 note would ask for approval, for at most 15 min: Turn FLAG off?
00:00 note would call: ` + call + `; provided that it is on; undone by: ` + back + `
00:00 ended done: dry run: nothing was changed
`},
		"done": {left: "off", want: asked + `
00:12 turns FLAG off
` + done},
		"with an escape hatch": {script: runbooktest.Script{Params: map[string]string{"hatch": "2h"}}, left: "off", want: `
00:00 started alice started flag-set with flag=FLAG hatch=2h system=shop to=off
00:00 asks approve flag-set-1-1: Turn FLAG off?
00:00   turn FLAG off: ` + call + `; provided that it is on; degrading FLAG is off in production at shop, for 2 h at most; undone by: ` + back + `
00:12 answered bob: approve
00:12 turns FLAG off
00:12 step turn FLAG off: done (` + call + `)
00:12 degraded FLAG is off in production at shop, for 2 h at most
00:12 restored unleash/shop/FLAG/on
00:12 ended done: turn FLAG off
`},
		"turned on again": {was: "off", script: runbooktest.Script{Params: map[string]string{"to": "on"}}, left: "on", want: `
00:00 started alice started flag-set with flag=FLAG system=shop to=on
00:00 asks approve flag-set-1-1: Turn FLAG on?
00:00   turn FLAG on: ` + back + `; provided that it is off; provided that its strategy is "flexibleRollout 25 % (rules)"; undone by: ` + call + `
00:12 answered bob: approve
00:12 turns FLAG on
00:12 step turn FLAG on: done (` + back + `)
00:12 restored unleash/shop/FLAG/off
00:12 ended done: turn FLAG on
`},
		"somebody else has turned it on again": {script: runbooktest.Script{Params: map[string]string{"to": "on"}}, left: "on", want: `
00:00 started alice started flag-set with flag=FLAG system=shop to=on
00:00 note FLAG is on already in production at shop: there is nothing to turn
00:00 restored unleash/shop/FLAG/off
00:00 ended done
`},
		"it is so already, without anybody's hatch": {was: "off", script: runbooktest.Script{Params: map[string]string{"hatch": "2h"}}, left: "off", want: `
00:00 started alice started flag-set with flag=FLAG hatch=2h system=shop to=off
00:00 ended refused: FLAG is off already, by somebody else's doing: no escape hatch is opened for that
`},
		"somebody else turns it meanwhile": {left: "off", meanwhile: func(t *testing.T, flag string) {
			t.Helper()
			real.Turn(t, flag, "off")
		}, want: asked + `
00:12 step turn FLAG off: failed: the world has moved: it is off, not on
00:12 ended failed: turn FLAG off: the world has moved: it is off, not on
`},
		"somebody else changes who gets it meanwhile": {
			was: "off", script: runbooktest.Script{Params: map[string]string{"to": "on"}}, left: "off",
			meanwhile: func(t *testing.T, flag string) {
				t.Helper()
				real.Add(t, flag, `{"name":"flexibleRollout","parameters":{"rollout":"100","stickiness":"default","groupId":"x"}}`)
			}, want: `
00:00 started alice started flag-set with flag=FLAG system=shop to=on
00:00 asks approve flag-set-1-1: Turn FLAG on?
00:00   turn FLAG on: ` + back + `; provided that it is off; provided that its strategy is "flexibleRollout 25 % (rules)"; undone by: ` + call + `
00:12 answered bob: approve
00:12 step turn FLAG on: failed: the world has moved: its strategy is "flexibleRollout 25 %; 1 more (rules)", not "flexibleRollout 25 % (rules)"
00:12 ended failed: turn FLAG on: the world has moved: its strategy is "flexibleRollout 25 %; 1 more (rules)", not "flexibleRollout 25 % (rules)"
`,
		},
		"its answer is lost": {fates: []unleashtest.Fate{unleashtest.AnswerLost}, left: "off", want: asked + `
00:12 turns FLAG off
00:13 step turn FLAG off: done (` + call + `)
00:13 restored unleash/shop/FLAG/on
00:13 ended done: turn FLAG off
`},
		"it does not arrive, and what stands in front lies": {fates: []unleashtest.Fate{unleashtest.CallLost, unleashtest.Lies}, left: "off", want: asked + `
00:15 turns FLAG off
00:15 step turn FLAG off: done (` + call + `)
00:15 restored unleash/shop/FLAG/on
00:15 ended done: turn FLAG off
`},
		"a token that only reads": {token: real.Viewer, left: "on", want: strings.ReplaceAll(asked+`
00:12 turns FLAG off
00:12 step turn FLAG off: failed: WHY
00:12 ended failed: turn FLAG off: WHY
`, "WHY", `shop answered 403 Forbidden: You don't have the required permissions to perform this operation. To perform this action, you need the "UPDATE_FEATURE_ENVIRONMENT" permission., check its token_file`)},
		"refused": {script: runbooktest.Script{Answers: []runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "refuse", Reason: "no"}}}, left: "on", want: begun + `
00:00 asks approve flag-set-1-1: Turn FLAG off?
00:00   turn FLAG off: ` + call + `; provided that it is on; undone by: ` + back + `
00:12 answered bob: refuse (no)
00:12 ended refused: by bob (no)
`},
		"no strategy is in force": {was: "bare", script: runbooktest.Script{Params: map[string]string{"to": "on"}}, left: "off", want: `
00:00 started alice started flag-set with flag=FLAG system=shop to=on
00:00 ended refused: no strategy of FLAG is in force in production, so that Unleash would add one of its own: add the one that is wanted there
`},
		"no such state": {script: runbooktest.Script{Params: map[string]string{"to": "maybe"}}, left: "on", want: `
00:00 started alice started flag-set
00:00 ended failed: the parameters do not fit: to must be one of on, off
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flag := flagOf(name)
			switch test.was {
			case "bare":
				real.Bare(t, flag)
			case "off":
				real.Create(t, flag)
			default:
				real.Create(t, flag)
				real.Turn(t, flag, "on")
			}
			front := &unleashtest.Front{Fates: test.fates}
			token := test.token
			if token == "" {
				token = real.Editor
			}
			s := connect(t, front.Start(t, real), token)
			if test.meanwhile != nil {
				s.meanwhile = func() { test.meanwhile(t, flag) }
			}
			script := test.script
			script.Params = map[string]string{"to": "off"}
			maps.Copy(script.Params, test.script.Params)
			script.Activities = with(s, front)
			require.Equal(t, lines(test.want), play(t, books.Set(), s, flag, script))
			require.Equal(t, test.left, real.Is(t, flag))
		})
	}
}

// flagOf is a flag's name for a test.
func flagOf(name string) string {
	return "flag-" + strings.NewReplacer(" ", "-", "'", "", ",", "").Replace(name)
}

func status(t *testing.T, real *unleashtest.Server) {
	t.Parallel()
	real.Create(t, "flag-status")
	real.Add(t, "flag-status", `{"name":"flexibleRollout","parameters":{"rollout":"100","stickiness":"default","groupId":"x"},
		"constraints":[{"contextName":"userId","operator":"IN","values":["alice@example.org"]}]}`)
	real.Turn(t, "flag-status", "on")
	s := connect(t, real.URL, real.Viewer)
	for _, dry := range []bool{false, true} {
		got := play(t, books.Status(), s, "flag-status", runbooktest.Script{DryRun: dry})
		require.Equal(t, lines(`
00:00 note FLAG is on in production at shop
00:00 keeps flag FLAG of shop:
00:00   on in production of the project default
00:00   kind: kill-switch
00:00   strategy: flexibleRollout 25 %
00:00   strategy: flexibleRollout 100 %, 1 constraint
`), got[1:6+1])
	}
	real.Bare(t, "flag-bare")
	got := play(t, books.Status(), s, "flag-bare", runbooktest.Script{})
	require.Contains(t, got, "00:00   no strategy is in force")
	require.Contains(t, got, "00:00   off in production of the project default")

	got = play(t, books.Status(), s, "flag-none", runbooktest.Script{})
	require.Equal(t, `00:00 ended failed: the flag FLAG cannot be read: shop answered 404 Not Found: There's no feature named "FLAG" in project "default".`, got[1])
	got = play(t, books.Status(), s, "search", runbooktest.Script{})
	require.Contains(t, got[1], "the systems file allows these flags of shop only: flag-*")
}

// undone plays a runbook that turns a flag, which does not help: its hatches end
// as the flag does.
func undone(t *testing.T, real *unleashtest.Server) {
	t.Parallel()
	real.Create(t, "flag-undone")
	book := runbook.New(turnInVain, runbook.Spec{Name: "turn-in-vain", About: "Turns a flag.", Target: "unleash/{system}/{flag}"})
	answers := []runbooktest.Answer{{After: time.Minute, By: "bob", Choice: "undo"}}
	s := connect(t, real.URL, real.Editor)
	got := play(t, book, s, "flag-undone", runbooktest.Script{Params: map[string]string{"hatch": "1h"}, Answers: answers})
	require.Equal(t, lines(`
00:00 step turn FLAG on: done (`+back+`)
00:00 degraded FLAG is on in production at shop, for 1 h at most
00:00 restored unleash/shop/FLAG/off
00:00 asks turn-in-vain-1-1: It did not help. Undo turn FLAG on? [keep undo]
00:00   undo turn FLAG on: `+call+`
01:00 answered bob: undo
01:00 step undo turn FLAG on: done (`+call+`)
01:00 restored unleash/shop/FLAG/on
01:00 degraded unleash/shop/FLAG/off again
01:00 ended failed: it did not help; undone: turn FLAG on
`), got[1:])
	require.Equal(t, "off", real.Is(t, "flag-undone"))
}

type vainParams struct {
	System runbook.Name  `about:"the Unleash"`
	Flag   runbook.Name  `about:"the flag"`
	Hatch  time.Duration `about:"how long it may stay so"`
}

func turnInVain(ctx workflow.Context, p vainParams) error {
	flag := &books.Flag{System: string(p.System), Name: string(p.Flag)}
	if _, err := runbook.Look(ctx, flag); err != nil {
		return err
	}
	return errors.Join(runbook.Do(ctx, flag.Step(p.Hatch)), errors.New("it did not help"))
}

// still is an Unleash with a flag that is on. Without a digest it has no strategy,
// as older flags may have none.
type still struct{ digest string }

func (s still) State(context.Context, string) (systems.FlagState, error) {
	return systems.FlagState{On: true, Environment: "production", Digest: s.digest, Covers: "0123456789ab"}, nil
}

func (still) Turn(context.Context, systems.FlagOrder) error { return nil }

func TestWhatCannotBePutBackSaysSo(t *testing.T) {
	t.Parallel()
	got := runbooktest.Play(t, books.Set(), runbooktest.Script{
		DryRun: true, Params: map[string]string{"system": "shop", "flag": "search", "to": "off"},
		Activities: func(runbooktest.Say) []any {
			return []any{&activities.Unleash{Systems: map[string]activities.UnleashSystem{"shop": still{}}}}
		},
	})
	require.Contains(t, got[2], "provided that it is on; nothing undoes it")
}

// TestTheLongestApprovalIsShownWhole has names as long as they should be.
func TestTheLongestApprovalIsShownWhole(t *testing.T) {
	t.Parallel()
	got := runbooktest.Play(t, books.Set(), runbooktest.Script{
		Params: map[string]string{"system": "shop-production", "flag": strings.Repeat("f", 60), "to": "off", "hatch": "4h"},
		Activities: func(runbooktest.Say) []any {
			return []any{&activities.Unleash{Systems: map[string]activities.UnleashSystem{"shop-production": still{"01234567"}}}}
		},
		Answers: []runbooktest.Answer{{After: time.Second, By: "bob", Choice: "refuse"}},
	})
	require.Equal(t, "00:01 ended refused: by bob", got[len(got)-1])
}

func TestWithoutASystemNothingIsConfigured(t *testing.T) {
	t.Parallel()
	got := runbooktest.Play(t, books.Status(), runbooktest.Script{
		Params:     map[string]string{"system": "shop", "flag": "search"},
		Activities: func(runbooktest.Say) []any { return []any{&activities.Unleash{}} },
	})
	require.Contains(t, got[1], "no unleash system is configured: list one under unleash in the file that TOCSIN_SYSTEMS names")
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
