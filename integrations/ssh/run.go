package ssh

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

const (
	// maxOutput is how much of an output is taken and passed on, in bytes; what is
	// beyond is read and thrown away, so that the command can go on.
	maxOutput = 64 << 10
)

// Read runs a command that only reads. It fails with Unavailable when the host
// does not answer, and with Permanent when the command does not succeed.
func (s *System) Read(ctx context.Context, r systems.SSHRequest) (systems.SSHOutput, error) {
	a, err := s.find(r)
	if err != nil {
		return systems.SSHOutput{}, err
	}
	if a.Changes {
		return systems.SSHOutput{}, incident.Errorf(incident.Invalid, "%s changes something: it is no reading", r.Command)
	}
	client, err := s.connect(ctx, a.limit())
	if err != nil {
		return systems.SSHOutput{}, s.failure(ctx, err)
	}
	defer func() { _ = client.Close() }()
	out, err := s.run(ctx, client, a)
	if err == nil && !a.succeeds(out.Exit) {
		return out, incident.Errorf(incident.Permanent, "it ended with status %d%s", out.Exit, said(out))
	}
	return out, err
}

// Change runs a command that changes something, provided that the plan is still
// what covers identifies. It fails with Unavailable when nobody knows what the
// command did: it ran too long, the connection broke, or it ended with a status
// of which the file does not say what it means. After any other kind nothing
// was changed.
func (s *System) Change(ctx context.Context, r systems.SSHRequest, covers string) (systems.SSHOutput, error) {
	a, err := s.find(r)
	switch {
	case err != nil:
		return systems.SSHOutput{}, err
	case !a.Changes:
		return systems.SSHOutput{}, incident.Errorf(incident.Invalid, "%s changes nothing, says the systems file", r.Command)
	case covers != s.covers(a):
		return systems.SSHOutput{}, incident.Errorf(incident.Conflict, "the systems file says something else of this command than when it was planned")
	}
	client, err := s.connect(ctx, a.limit())
	if err != nil {
		err = s.failure(ctx, err)
		if incident.KindOf(err) == incident.Unavailable {
			err = incident.Errorf(incident.Permanent, "%w; nothing was run", err)
		}
		return systems.SSHOutput{}, err
	}
	defer func() { _ = client.Close() }()
	out, err := s.run(ctx, client, a)
	switch {
	case err != nil:
		return out, err
	case slices.Contains(a.Unchanged, out.Exit):
		return out, incident.Errorf(incident.Refused, "it ended with status %d, which means that it changed nothing%s", out.Exit, said(out))
	case !a.succeeds(out.Exit):
		return out, incident.Errorf(incident.Unavailable, "it ended with status %d%s", out.Exit, said(out))
	}
	return out, nil
}

// said is what a command put out when it failed.
func said(out systems.SSHOutput) string {
	text := out.Err
	if text == "" {
		text = out.Out
	}
	if text == "" {
		return ""
	}
	const most = 300
	return ": " + beginning(strings.Join(strings.Fields(text), " "), most)
}

// run runs a command and waits for its end.
func (s *System) run(ctx context.Context, client *ssh.Client, a asked) (systems.SSHOutput, error) {
	session, err := client.NewSession()
	if err != nil {
		return systems.SSHOutput{}, incident.Errorf(incident.Permanent, "%s gives no session; nothing was run", s.config.Name)
	}
	defer func() { _ = session.Close() }()
	var stdout, stderr capped
	session.Stdout, session.Stderr = &stdout, &stderr
	ended := make(chan error, 1)
	go func() { ended <- session.Run(a.line()) }()
	timer := time.NewTimer(a.limit())
	defer timer.Stop()
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = s.stop(session, "it was not waited for")
	case <-timer.C:
		err = s.stop(session, "it runs for longer than "+catalog.FormatDuration(a.limit()))
	}
	out := output(&stdout, &stderr)
	if exit, ok := errors.AsType[*ssh.ExitError](err); ok {
		if exit.Signal() != "" {
			return out, incident.Errorf(incident.Unavailable, "it was ended by the signal %s", exit.Signal())
		}
		out.Exit, err = exit.ExitStatus(), nil
	}
	if err != nil && incident.KindOf(err) == "" {
		err = incident.Errorf(incident.Unavailable, "the connection to %s broke while it ran", s.config.Name)
	}
	return out, err
}

// stop asks the host to end a command. Whether it does, and what the command did
// until then, nobody knows.
func (s *System) stop(session *ssh.Session, why string) error {
	_ = session.Signal(ssh.SIGTERM)
	return incident.Errorf(incident.Unavailable, "%s, and was told to end", why)
}

// capped keeps the beginning of what is written to it, and counts the rest.
type capped struct {
	mu    sync.Mutex
	kept  []byte
	total int64
}

// Write takes all that comes.
func (c *capped) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = append(c.kept, p[:min(len(p), maxOutput-len(c.kept))]...)
	c.total += int64(len(p))
	return len(p), nil
}

// text is what was kept, as people can read it, and how much was not.
func (c *capped) text() (text string, left int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(c.kept), "\uFFFD"))
	return strings.TrimSpace(text), c.total - int64(len(c.kept))
}

func output(stdout, stderr *capped) systems.SSHOutput {
	text, left := stdout.text()
	messages, more := stderr.text()
	return systems.SSHOutput{Out: text, OutLeft: left, Err: messages, ErrLeft: more, Cut: left > 0}
}

// beginning is at most so many bytes of a text, without breaking a character.
func beginning(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end]
}
