package ssh_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/ssh"
	"github.com/tocsinhq/tocsin/integrations/ssh/sshtest"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/runbook/runbooktest"
	books "github.com/tocsinhq/tocsin/runbooks/ssh"
	"github.com/tocsinhq/tocsin/systems"
)

// web is a real host, of which answers get lost.
type web struct {
	*ssh.System
	dir string
	say runbooktest.Say
	// fates befall the changes, one after the other.
	fates []fate
}

type fate int

const (
	arrives    fate = iota
	answerLost      // it is run, and nobody hears of it
	callLost        // it is not run, and nobody knows
)

func (w *web) Change(ctx context.Context, r systems.SSHRequest, covers string) (systems.SSHOutput, error) {
	w.say("runs %s", r.Command)
	what := arrives
	if len(w.fates) > 0 {
		what, w.fates = w.fates[0], w.fates[1:]
	}
	lost := incident.Errorf(incident.Unavailable, "the connection to web broke while it ran")
	if what == callLost {
		return systems.SSHOutput{}, lost
	}
	out, err := w.System.Change(ctx, r, covers)
	if what == answerLost {
		return systems.SSHOutput{}, lost
	}
	return out, err
}

func (w *web) state(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, "state"))
	require.NoError(t, err)
	return strings.TrimSpace(string(data))
}

// commands keep a state in a file.
func commands(dir string) []ssh.Command {
	queue := []values.Config{{Name: "queue", Type: "name"}}
	write := func(name, state string) ssh.Command {
		return ssh.Command{
			Name: name, Run: []string{"sh", "-c", `echo "$1" > "$0" && echo "$2 is $1"`, dir + "/state", state, "{queue}"}, Values: queue,
			Changes: true, Done: &ssh.Check{Command: "state", Is: state},
		}
	}
	start := write("start", "active")
	start.Expects, start.Undo = []ssh.Check{{Command: "state", Is: "failed"}}, "stop"
	once := write("once", "odd")
	once.Done = nil
	pretends := write("pretends", "active")
	pretends.Run, pretends.Undo = []string{"echo", "{queue}"}, "stop"
	refuses := write("refuses", "active")
	refuses.Run, refuses.Unchanged = []string{"sh", "-c", "echo not now >&2; exit 4", "{queue}"}, []int{4}
	return []ssh.Command{
		{Name: "state", Run: []string{"cat", dir + "/state"}},
		{Name: "fails", Run: []string{"false"}},
		{Name: "quiet", Run: []string{"true"}},
		{Name: "secrets", Run: []string{"sh", "-c", "echo PASSWORD=hunter2; echo redis://:hunter2@cache >&2"}},
		{Name: "refuses-secretly", Run: []string{"sh", "-c", "echo token=hunter2 is wrong >&2; exit 4"}},
		start, write("stop", "failed"), once, pretends, refuses,
	}
}

func create(t *testing.T, fates []fate) *web {
	t.Helper()
	h := sshtest.Start(t)
	h.File(t, "state", "failed\n")
	s, err := ssh.New(ssh.Config{Name: "web", Addr: h.Addr, User: h.User, KeyFile: h.KeyFile, KnownHostsFile: h.KnownHosts, Commands: commands(h.Dir)})
	require.NoError(t, err)
	return &web{System: s, dir: h.Dir, fates: fates}
}

var planned = regexp.MustCompile(`\(plan [0-9a-f]{24}\)`)

// play runs a runbook on the real host.
func play(t *testing.T, b runbook.Runbook, w *web, s runbooktest.Script) []string {
	t.Helper()
	s.Activities = func(say runbooktest.Say) []any {
		w.say = say
		return []any{&activities.SSH{Systems: map[string]activities.SSHSystem{"web": w}}}
	}
	got := runbooktest.Play(t, b, s)
	for n := range got {
		got[n] = planned.ReplaceAllString(strings.ReplaceAll(got[n], w.dir, "DIR"), "(plan)")
	}
	return got
}

const (
	write = `at web: 'sh' '-c' 'echo "$1" > "$0" && echo "$2 is $1"' 'DIR/state' `
	start = write + `'active' 'mail' (plan)`
	stop  = write + `'failed' 'mail' (plan)`
	once  = write + `'odd' 'mail' (plan)`
	asked = `
00:00 started alice started ssh-command with command=start host=web values="{\"queue\": \"mail\"}" within=1m
00:00 asks approve ssh-command-1-1: Start at web?
00:00   start at web: ` + start + `; provided that state at web is failed; undone by: ` + stop + `
00:12 answered bob: approve
`
)

func says(choice string) runbooktest.Answer {
	return runbooktest.Answer{After: time.Minute, By: "carol", Choice: choice}
}

func yes(then ...runbooktest.Answer) []runbooktest.Answer {
	return append([]runbooktest.Answer{{After: 12 * time.Second, By: "bob", Choice: "approve"}}, then...)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before string
		fates  []fate
		script runbooktest.Script
		want   string
		state  string
	}{
		"dry run": {script: runbooktest.Script{DryRun: true}, state: "failed", want: `
00:00 started alice started a dry run of ssh-command with command=start host=web values="{\"queue\": \"mail\"}" within=1m
00:00 note would ask for approval, for at most 15 min: Start at web?
00:00 note would call: ` + start + `; provided that state at web is failed; undone by: ` + stop + `
00:00 note would wait, for at most 1 min, until state at web is active
00:00 ended done: dry run: nothing was changed
`},
		"done": {script: runbooktest.Script{Answers: yes()}, state: "active", want: asked + `
00:12 runs start
00:12 step start at web: done (` + start + `)
00:12 note start at web: status 0
00:12 keeps start at web:
00:12   mail is active
00:12 output start at web: 1 line, 14 bytes (output ssh-command-1-1)
00:12 ended done: start at web
`},
		"the world has moved": {before: "upgrading", script: runbooktest.Script{Answers: yes()}, state: "upgrading", want: asked + `
00:12 step start at web: failed: the world has moved: state at web is upgrading, not failed
00:12 ended failed: start at web: the world has moved: state at web is upgrading, not failed
`},
		"its answer is lost": {fates: []fate{answerLost}, script: runbooktest.Script{Answers: yes()}, state: "active", want: asked + `
00:12 runs start
00:13 step start at web: done (` + start + `)
00:13 ended done: start at web
`},
		"it does not arrive": {fates: []fate{callLost}, script: runbooktest.Script{Answers: yes()}, state: "active", want: asked + `
00:12 runs start
00:13 runs start
00:13 step start at web: done (` + start + `)
00:13 note start at web: status 0
00:13 keeps start at web:
00:13   mail is active
00:13 output start at web: 1 line, 14 bytes (output ssh-command-1-1)
00:13 ended done: start at web
`},
		"without a check a person looks": {
			fates: []fate{answerLost}, script: runbooktest.Script{Params: map[string]string{"command": "once"}, Answers: yes(says("it happened"))},
			state: "odd", want: `
00:00 started alice started ssh-command with command=once host=web values="{\"queue\": \"mail\"}" within=1m
00:00 asks approve ssh-command-1-1: Once at web?
00:00   once at web: ` + once + `; nothing undoes it
00:12 answered bob: approve
00:12 runs once
00:12 asks ssh-command-1-2: Nobody can tell whether this happened: ` + once + ` (the connection to web broke while it ran). Look, and say. [try again it happened it did not]
01:12 answered carol: it happened
01:12 step once at web: done (` + once + `)
01:12 ended done: once at web
`,
		},
		"what it should bring about does not come, and it is undone": {
			before: "slow", script: runbooktest.Script{Params: map[string]string{"command": "pretends"}, Answers: yes(says("undo"))},
			state: "failed", want: strings.ReplaceAll(`
00:00 started alice started ssh-command with command=pretends host=web values="{\"queue\": \"mail\"}" within=1m
00:00 asks approve ssh-command-1-1: Pretends at web?
00:00   pretends at web: at web: 'echo' 'mail' (plan); undone by: STOP
00:12 answered bob: approve
00:12 runs pretends
00:12 step pretends at web: done (at web: 'echo' 'mail' (plan))
00:12 note pretends at web: status 0
00:12 keeps pretends at web:
00:12   mail
00:12 output pretends at web: 1 line, 4 bytes (output ssh-command-1-1)
01:12 asks ssh-command-1-2: State at web is still slow, not active, after 1 min. Undo pretends at web? [keep undo]
01:12   undo pretends at web: STOP
02:12 answered carol: undo
02:12 runs stop
02:12 step undo pretends at web: done (STOP)
02:12 ended failed: state at web is still slow, not active, after 1 min; undone: pretends at web
`, "STOP", stop),
		},
		"the command refuses": {
			script: runbooktest.Script{Params: map[string]string{"command": "refuses"}, Answers: yes()}, state: "failed",
			want: strings.ReplaceAll(`
00:00 started alice started ssh-command with command=refuses host=web values="{\"queue\": \"mail\"}" within=1m
00:00 asks approve ssh-command-1-1: Refuses at web?
00:00   refuses at web: at web: 'sh' '-c' 'echo not now >&2; exit 4' 'mail' (plan); nothing undoes it
00:12 answered bob: approve
00:12 runs refuses
00:12 step refuses at web: failed: WHY
00:12 ended failed: refuses at web: WHY
`, "WHY", "it ended with status 4, which means that it changed nothing: not now"),
		},
		"refused": {script: runbooktest.Script{Answers: []runbooktest.Answer{says("refuse")}}, state: "failed", want: strings.Replace(asked, "00:12 answered bob: approve", "01:00 answered carol: refuse", 1) + `
01:00 ended refused: by carol
`},
		"a command that only reads": {script: runbooktest.Script{Params: map[string]string{"command": "state", "values": "{}"}}, state: "failed", want: `
00:00 started alice started ssh-command with command=state host=web values={} within=1m
00:00 ended failed: state changes nothing: use ssh-read
`},
		"a hostile value": {script: runbooktest.Script{Params: map[string]string{"values": `{"queue": "$(reboot)"}`}}, state: "failed", want: `
00:00 started alice started ssh-command with command=start host=web values="{\"queue\": \"$(reboot)\"}" within=1m
00:00 ended failed: what the systems file says of start at web cannot be read: the values do not fit: queue must be a name: letters, digits, dots, hyphens and underscores, with a letter or digit at both ends
`},
		"no such command": {script: runbooktest.Script{Params: map[string]string{"command": "reboot"}}, state: "failed", want: `
00:00 started alice started ssh-command with command=reboot host=web values="{\"queue\": \"mail\"}" within=1m
00:00 ended failed: what the systems file says of reboot at web cannot be read: the systems file has no command "reboot" for web: there are fails, once, pretends, quiet, refuses, refuses-secretly, secrets, start, state, stop
`},
		"no such host": {script: runbooktest.Script{Params: map[string]string{"host": "db"}}, state: "failed", want: `
00:00 started alice started ssh-command with command=start host=db values="{\"queue\": \"mail\"}" within=1m
00:00 ended failed: what the systems file says of start at db cannot be read: there is no ssh system "db": there are web
`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := create(t, test.fates)
			if test.before != "" {
				require.NoError(t, os.WriteFile(filepath.Join(w.dir, "state"), []byte(test.before), 0o600))
			}
			script := test.script
			script.Params = map[string]string{"host": "web", "command": "start", "values": `{"queue": "mail"}`}
			maps.Copy(script.Params, test.script.Params)
			require.Equal(t, lines(test.want), play(t, books.Command(), w, script))
			require.Equal(t, test.state, w.state(t))
		})
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	w := create(t, nil)
	for command, want := range map[string]string{
		"quiet": "note quiet at web: status 0, no output",
		"fails": "ended failed: what fails at web puts out cannot be read: it ended with status 1",
		"start": "ended failed: what the systems file says of start at web cannot be read: the values do not fit: queue is required (queue)",
	} {
		got := play(t, books.Read(), w, runbooktest.Script{Params: map[string]string{"host": "web", "command": command}})
		require.Equal(t, "00:00 "+want, got[1])
	}
	for command, want := range map[string]string{
		"state": `
00:00 started alice started ssh-read with command=state host=web
00:00 note state at web: status 0
00:00 keeps state at web:
00:00   failed
00:00 output state at web: 1 line, 6 bytes (output ssh-read-1-1)
00:00 ended done
`,
		"secrets": `
00:00 started alice started ssh-read with command=secrets host=web
00:00 note secrets at web: status 0, 2 removed that looked like secrets
00:00 keeps secrets at web:
00:00   PASSWORD=[redacted]
00:00   
00:00   messages:
00:00   redis://:[redacted]@cache
00:00 output secrets at web: 4 lines, 56 bytes (output ssh-read-1-1)
00:00 ended done
`,
		"refuses-secretly": `
00:00 started alice started ssh-read with command=refuses-secretly host=web
00:00 ended failed: what refuses-secretly at web puts out cannot be read: it ended with status 4: token=[redacted] is wrong
`,
	} {
		require.Equal(t, lines(want), play(t, books.Read(), w, runbooktest.Script{Params: map[string]string{"host": "web", "command": command}}))
	}
	got := play(t, books.Read(), w, runbooktest.Script{Params: map[string]string{"host": "web", "command": "start", "values": `{"queue": "mail"}`}})
	require.Equal(t, "00:00 ended failed: start changes something: use ssh-command", got[1])
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
