package bench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// child is a part in a process of its own.
type child struct {
	name    string
	cmd     *exec.Cmd
	orders  io.WriteCloser
	answers *json.Decoder
	said    *said
	// last is what it answered last.
	last answer
	end  func() error
}

// upWithin is how long a child may take to come up.
const upWithin = time.Minute

// startChild starts a part, and returns when it is ready. It lives no longer
// than ctx.
func (b *bench) startChild(ctx context.Context, name string, d duty) (*child, error) {
	program, err := b.program()
	if err != nil {
		return nil, err
	}
	alive, kill := context.WithCancelCause(ctx)
	c := &child{name: name, said: &said{name: name, log: b.config.Log}}
	c.cmd = exec.CommandContext(alive, program, PartCommand) //nolint:gosec // this one
	c.cmd.Stderr, c.cmd.WaitDelay = c.said, time.Second
	c.end = sync.OnceValue(func() error {
		defer kill(nil)
		return c.stop(alive, kill)
	})
	if err := c.start(); err != nil {
		kill(nil)
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	defer killAfter(upWithin, kill, "it was not ready")()
	if err := c.ask(d); err != nil {
		return nil, fmt.Errorf("%s did not come up: %w", name, err)
	}
	return c, nil
}

func (b *bench) program() (string, error) {
	if b.config.Program != "" {
		return b.config.Program, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the program that runs: %w", err)
	}
	return path, nil
}

// killAfter kills unless it is stopped in time.
func killAfter(within time.Duration, kill context.CancelCauseFunc, why string) (stop func()) {
	impatient := time.AfterFunc(within, func() { kill(fmt.Errorf("%s within %s", why, within)) })
	return func() { impatient.Stop() }
}

func (c *child) start() error {
	answers, err := c.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	c.answers = json.NewDecoder(answers)
	if c.orders, err = c.cmd.StdinPipe(); err != nil {
		return err
	}
	return c.cmd.Start()
}

// ask sends an order and takes the answer. A child that gives none is ended,
// and the error has its last words.
func (c *child) ask(order any) error {
	err := json.NewEncoder(c.orders).Encode(order)
	if err == nil {
		err = c.answers.Decode(&c.last)
	}
	if err == nil {
		return nil
	}
	ended := cmp.Or(c.end(), errors.New("in good order"))
	return fmt.Errorf("its answer: %w; its end: %w; its last words: %s", err, ended, cmp.Or(c.said.last(), "none"))
}

// settle asks it to give back what memory it can.
func (c *child) settle() error {
	if err := c.ask("settle"); err != nil {
		return fmt.Errorf("settle %s: %w", c.name, err)
	}
	return nil
}

// stop lets it end in good order, and kills it when it does not.
func (c *child) stop(alive context.Context, kill context.CancelCauseFunc) error {
	_ = c.orders.Close() // it may be gone: what is wrong Wait says
	defer killAfter(partEndsWithin+time.Second, kill, "it did not end")()
	if err := c.cmd.Wait(); err != nil {
		return cmp.Or(context.Cause(alive), err)
	}
	return nil
}

// said keeps the last of what a child says, and passes it on to a log.
type said struct {
	name string
	log  *slog.Logger

	mu   sync.Mutex
	text []byte
}

// lastWords is how many bytes of what a child says are kept.
const lastWords = 2000

// Write takes some of it.
func (s *said) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.Warn("a process of the bench says", "process", s.name, "text", string(bytes.TrimSpace(text)))
	s.text = append(s.text, text...)
	s.text = s.text[max(len(s.text)-lastWords, 0):]
	return len(text), nil
}

func (s *said) last() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSpace(string(s.text))
}
