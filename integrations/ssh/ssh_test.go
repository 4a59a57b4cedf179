package ssh_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/ssh"
	"github.com/tocsinhq/tocsin/integrations/ssh/sshtest"
	"github.com/tocsinhq/tocsin/integrations/values"
	"github.com/tocsinhq/tocsin/systems"
)

// commands are what may be run on the host of the tests; dir is its folder.
func commands(dir string) []ssh.Command {
	anything := values.Config{Name: "text", Type: "text", Match: ".*"}
	name := values.Config{Name: "name", Type: "name"}
	return []ssh.Command{
		{Name: "echo", Run: []string{"printf", "%s|", "say:{text}", "{text}"}, Values: []values.Config{anything}},
		{Name: "state", Run: []string{"cat", dir + "/{name}"}, Values: []values.Config{name}},
		{Name: "fail", Run: []string{"sh", "-c", "echo out; echo no such thing >&2; exit 3"}},
		{Name: "flood", Run: []string{"head", "-c", "100000000", "/dev/zero"}, Timeout: 30 * time.Second},
		{Name: "long", Run: []string{"seq", "1", "2000"}},
		{Name: "escape", Run: []string{"printf", `\033[31mred\033[0m\a\n`}},
		{Name: "hang", Run: []string{"sh", "-c", "echo $$ > " + dir + "/pid; exec sleep 600"}, Changes: true, Timeout: time.Second},
		{Name: "touch", Run: []string{"touch", dir + "/{name}"}, Values: []values.Config{name}, Changes: true, Undo: "remove", Expects: []ssh.Check{{Command: "state"}}, Done: &ssh.Check{Command: "state"}},
		{Name: "remove", Run: []string{"rm", dir + "/{name}"}, Values: []values.Config{name}, Changes: true, Unchanged: []int{1}},
		{Name: "half", Run: []string{"sh", "-c", "touch " + dir + "/half; exit 9"}, Changes: true, Exit: []int{0, 7}},
		{Name: "seven", Run: []string{"sh", "-c", "exit 7"}, Changes: true, Exit: []int{0, 7}},
		{Name: "die", Run: []string{"sh", "-c", "kill -9 $$"}, Changes: true},
		{Name: "cut-off", Run: []string{"sh", "-c", "kill -9 $PPID"}, Changes: true},
	}
}

func open(t *testing.T, h sshtest.Host, change func(c *ssh.Config)) *ssh.System {
	t.Helper()
	config := ssh.Config{Name: "web", Addr: h.Addr, User: h.User, KeyFile: h.KeyFile, KnownHostsFile: h.KnownHosts, Commands: commands(h.Dir)}
	if change != nil {
		change(&config)
	}
	s, err := ssh.New(config)
	require.NoError(t, err)
	return s
}

// run plans a command and runs it.
func run(t *testing.T, s *ssh.System, name, values string) (systems.SSHOutput, error) {
	t.Helper()
	r := systems.SSHRequest{Command: name, Values: values}
	plan, err := s.Plan(r)
	require.NoError(t, err)
	return s.Change(t.Context(), r, plan.Covers)
}

// TestHostileValues: whatever a value holds, the host gets that very text.
func TestHostileValues(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	s := open(t, h, nil)
	for _, hostile := range []string{
		"x", "", " ", "a b", "'", "''", `"`, `\`, `\'`, `'\''`, "$(touch " + h.Dir + "/pwned)", "`touch " + h.Dir + "/pwned`",
		"'; touch " + h.Dir + "/pwned; '", "&& touch " + h.Dir + "/pwned", "| touch " + h.Dir + "/pwned", "> " + h.Dir + "/pwned",
		"$HOME", "${IFS}", "~", "*", "?", "[a-z]", "{a,b}", "{text}", "#", "!", "!!", "%s", "%n", "a;b", "ü", "🔥",
	} {
		out, err := s.Read(t.Context(), systems.SSHRequest{Command: "echo", Values: `{"text": ` + strconv.Quote(hostile) + `}`})
		if hostile == "" {
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			continue
		}
		require.NoError(t, err, hostile)
		require.Equal(t, "say:"+hostile+"|"+hostile+"|", out.Out)
	}
	require.NoFileExists(t, filepath.Join(h.Dir, "pwned"))
	for values, want := range map[string]string{
		`{"text": "-n"}`:             "begins with a hyphen",
		`{"text": "--help"}`:         "begins with a hyphen",
		`{"text": "a\nb"}`:           "not printable",
		`{"text": "a\u0000b"}`:       "not printable",
		`{}`:                         "text is required",
		`{"text": "a", "more": "b"}`: "1 more are given than it takes (text)",
	} {
		_, err := s.Plan(systems.SSHRequest{Command: "echo", Values: values})
		require.Equal(t, incident.Invalid, incident.KindOf(err), values)
		require.ErrorContains(t, err, want, values)
	}
	for _, name := range []string{"../etc/passwd", "a/b", ".hidden", "a b"} {
		_, err := s.Plan(systems.SSHRequest{Command: "state", Values: `{"name": "` + name + `"}`})
		require.Equal(t, incident.Invalid, incident.KindOf(err), name)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	s := open(t, h, nil)
	h.File(t, "mail", "  active\n")
	out, err := s.Read(t.Context(), systems.SSHRequest{Command: "state", Values: `{"name": "mail"}`})
	require.NoError(t, err)
	require.Equal(t, systems.SSHOutput{Out: "active"}, out)
	_, err = s.Read(t.Context(), systems.SSHRequest{Command: "fail"})
	require.Equal(t, incident.Permanent, incident.KindOf(err))
	require.EqualError(t, err, "it ended with status 3: no such thing")
	out, err = s.Read(t.Context(), systems.SSHRequest{Command: "escape"})
	require.NoError(t, err)
	require.Equal(t, "[31mred[0m", out.Out, "no terminal is told anything")
	_, err = s.Read(t.Context(), systems.SSHRequest{Command: "touch", Values: `{"name": "x"}`})
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	_, err = s.Read(t.Context(), systems.SSHRequest{Command: "reboot"})
	require.Equal(t, incident.NotFound, incident.KindOf(err))
	require.ErrorContains(t, err, "there are cut-off, die, echo")
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	s := open(t, h, nil)
	out, err := s.Read(t.Context(), systems.SSHRequest{Command: "flood"})
	require.NoError(t, err)
	require.EqualValues(t, 100_000_000-64<<10, out.OutLeft)
	require.Empty(t, out.Out, "no terminal is told anything")
	require.True(t, out.Cut)
	out, err = s.Read(t.Context(), systems.SSHRequest{Command: "long"})
	require.NoError(t, err)
	require.False(t, out.Cut)
	require.True(t, strings.HasPrefix(out.Out, "1\n2\n3\n"))
	require.True(t, strings.HasSuffix(out.Out, "\n1999\n2000"))
}

func TestChange(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	t.Cleanup(func() { end(h) })
	s := open(t, h, nil)
	_, err := run(t, s, "touch", `{"name": "new"}`)
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(h.Dir, "new"))
	_, err = run(t, s, "seven", "")
	require.NoError(t, err, "7 is success")
	_, err = run(t, s, "remove", `{"name": "new"}`)
	require.NoError(t, err)
	for name, test := range map[string]struct {
		command, values string
		kind            incident.Kind
		says            string
	}{
		"what changed nothing": {"remove", `{"name": "new"}`, incident.Refused, "it ended with status 1, which means that it changed nothing: rm: cannot remove"},
		"what did half":        {"half", "", incident.Unavailable, "it ended with status 9"},
		"what was killed":      {"die", "", incident.Unavailable, "it was ended by the signal KILL"},
		"what breaks the line": {"cut-off", "", incident.Unavailable, "the connection to web broke while it ran"},
		"what runs for ever":   {"hang", "", incident.Unavailable, "it runs for longer than 1 s, and was told to end"},
	} {
		_, err := run(t, s, test.command, test.values)
		require.Equal(t, test.kind, incident.KindOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, test.says, name)
	}
}

// end ends what a host may go on with although it was told to end: sshd passes
// no signal on to what root runs.
func end(h sshtest.Host) {
	data, err := os.ReadFile(filepath.Join(h.Dir, "pid"))
	if err != nil {
		return
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(string(data))); err == nil && pid > 1 {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func TestAnotherPlanIsRefused(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	r := systems.SSHRequest{Command: "touch", Values: `{"name": "a"}`}
	plan, err := open(t, h, nil).Plan(r)
	require.NoError(t, err)
	require.Equal(t, "'touch' '"+h.Dir+"/a'", plan.Line)
	require.Equal(t, "remove", plan.Undo)
	for name, change := range map[string]func(c *ssh.Config){
		"command":           func(c *ssh.Config) { c.Commands[7].Run[0] = "rm" },
		"expects":           func(c *ssh.Config) { c.Commands[7].Expects[0].Is = "x" },
		"done":              func(c *ssh.Config) { c.Commands[7].Done.Is = "x" },
		"what a check runs": func(c *ssh.Config) { c.Commands[1].Run[0] = "head" },
	} {
		_, err = open(t, h, change).Change(t.Context(), r, plan.Covers)
		require.Equal(t, incident.Conflict, incident.KindOf(err), name)
	}
	_, err = open(t, h, nil).Change(t.Context(), systems.SSHRequest{Command: "touch", Values: `{"name": "b"}`}, plan.Covers)
	require.Equal(t, incident.Conflict, incident.KindOf(err), "other values were not approved")
	_, err = open(t, h, nil).Change(t.Context(), systems.SSHRequest{Command: "fail"}, plan.Covers)
	require.Equal(t, incident.Invalid, incident.KindOf(err))
	require.NoFileExists(t, filepath.Join(h.Dir, "a"))
}

func TestHostsThatAreNotTrusted(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	otherKey, other := h.OtherKey(t)
	for name, test := range map[string]struct {
		change func(c *ssh.Config)
		says   string
	}{
		"nobody knows it": {
			func(c *ssh.Config) { c.KnownHostsFile = h.File(t, "none", "") }, "the key of web is not known",
		},
		"another host is known": {
			func(c *ssh.Config) {
				c.KnownHostsFile = h.File(t, "elsewhere", knownhosts.Line([]string{"[127.0.0.1]:1"}, h.Public)+"\n")
			}, "the key of web is not known",
		},
		"its key is another": {
			func(c *ssh.Config) {
				c.KnownHostsFile = h.File(t, "changed", knownhosts.Line([]string{h.Addr}, other)+"\n")
			}, "web shows another key than is known of it",
		},
		"its key was revoked": {
			func(c *ssh.Config) {
				line := knownhosts.Line([]string{h.Addr}, h.Public)
				c.KnownHostsFile = h.File(t, "revoked", line+"\n@revoked "+line+"\n")
			}, "web shows a key that was revoked",
		},
		"it refuses the key": {
			func(c *ssh.Config) { c.KeyFile = otherKey }, "web refuses the sign-in, check its user and key_file",
		},
		"it refuses the user": {
			func(c *ssh.Config) { c.User = "nobody-here" }, "web refuses the sign-in, check its user and key_file",
		},
	} {
		s := open(t, h, test.change)
		_, err := run(t, s, "touch", `{"name": "a"}`)
		require.Equal(t, incident.Forbidden, incident.KindOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, test.says, name)
		for _, secret := range []string{"127.0.0.1", "nobody-here", h.Dir} {
			require.NotContains(t, err.Error(), secret)
		}
	}
	require.NoFileExists(t, filepath.Join(h.Dir, "a"))
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		conn, err := l.Accept()
		if err == nil {
			_, _ = conn.Read(make([]byte, 1<<10))
			_ = conn.Close()
		}
	})
	mute := open(t, h, func(c *ssh.Config) { c.Addr = l.Addr().String() })
	_, err = run(t, mute, "touch", `{"name": "a"}`)
	require.Equal(t, incident.Permanent, incident.KindOf(err), "%v", err)
	require.NoError(t, l.Close())
	wg.Wait()
	_, err = run(t, mute, "touch", `{"name": "a"}`)
	require.EqualError(t, err, "web cannot be reached: connection refused; nothing was run")
	_, err = mute.Read(t.Context(), systems.SSHRequest{Command: "fail"})
	require.Equal(t, incident.Unavailable, incident.KindOf(err), "a reading may be tried again")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = open(t, h, nil).Read(ctx, systems.SSHRequest{Command: "fail"})
	require.Equal(t, incident.Unavailable, incident.KindOf(err))
}

func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	h := sshtest.Start(t)
	one := func(c ssh.Command) func(*ssh.Config) {
		return func(all *ssh.Config) { all.Commands = append(all.Commands, c) }
	}
	for want, change := range map[string]func(c *ssh.Config){
		"correct addr":                            func(c *ssh.Config) { c.Addr = "web" },
		"user, key_file and known_hosts_file":     func(c *ssh.Config) { c.KnownHostsFile = "" },
		"key_file holds no private key":           func(c *ssh.Config) { c.KeyFile = h.File(t, "bad", "hunter2") },
		"known_hosts_file cannot be read":         func(c *ssh.Config) { c.KnownHostsFile = h.File(t, "bad", "hunter2") },
		"list its commands":                       func(c *ssh.Config) { c.Commands = nil },
		"there is a echo before it":               one(ssh.Command{Name: "echo", Run: []string{"true"}}),
		"its name is not lower-case words":        one(ssh.Command{Name: "a b", Run: []string{"true"}}),
		"its run does not begin with the program": one(ssh.Command{Name: "a", Run: []string{"{program}"}}),
		"holds what cannot be printed":            one(ssh.Command{Name: "a", Run: []string{"echo", "a\nb"}}),
		"correct timeout":                         one(ssh.Command{Name: "a", Run: []string{"true"}, Timeout: time.Hour}),
		"there is nothing to expect or undo":      one(ssh.Command{Name: "a", Run: []string{"true"}, Undo: "touch"}),
		"success and that nothing was changed":    one(ssh.Command{Name: "a", Run: []string{"true"}, Changes: true, Unchanged: []int{0}}),
		"it is longer than 350 bytes":             one(ssh.Command{Name: "a", Run: []string{"echo", strings.Repeat("a", 350)}, Changes: true}),
		"with its undo it is longer": func(c *ssh.Config) {
			c.Commands = append(c.Commands, ssh.Command{Name: "a", Run: []string{"echo", strings.Repeat("a", 200)}, Changes: true, Undo: "b"},
				ssh.Command{Name: "b", Run: []string{"echo", strings.Repeat("b", 200)}, Changes: true})
		},
		"no word of its run has {name}":         one(ssh.Command{Name: "a", Run: []string{"true"}, Values: []values.Config{{Name: "name", Type: "name"}}}),
		"has what is not among its values":      one(ssh.Command{Name: "a", Run: []string{"echo", "{name}"}}),
		"is any text: say by one_of or match":   one(ssh.Command{Name: "a", Run: []string{"echo", "{name}"}, Values: []values.Config{{Name: "name", Type: "text"}}}),
		`"touch" is no quick command that only`: one(ssh.Command{Name: "a", Run: []string{"true"}, Changes: true, Done: &ssh.Check{Command: "touch"}}),
		`"flood" is no quick command that only`: one(ssh.Command{Name: "a", Run: []string{"true"}, Changes: true, Done: &ssh.Check{Command: "flood"}}),
		`its undo "state" is no command that`:   one(ssh.Command{Name: "a", Run: []string{"true"}, Changes: true, Undo: "state"}),
		`its undo "remove" is no command that`:  one(ssh.Command{Name: "a", Run: []string{"true"}, Changes: true, Undo: "remove"}),
	} {
		config := ssh.Config{Name: "web", Addr: h.Addr, User: "me", KeyFile: h.KeyFile, KnownHostsFile: h.KnownHosts, Commands: commands(h.Dir)}
		change(&config)
		_, err := ssh.New(config)
		require.Equal(t, incident.Invalid, incident.KindOf(err), want)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
}
