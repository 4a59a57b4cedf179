package kill_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// victim is something that can be killed and started again.
type victim interface {
	// Kill ends it with SIGKILL and returns when it is gone.
	Kill() error
	// Restart returns when it is ready.
	Restart(ctx context.Context) error
}

// process is a program that is kept running, as a supervisor would.
type process struct {
	name string
	path string
	args []string
	env  []string
	log  io.Writer

	mu   sync.Mutex
	life *life // nil while it does not run
}

// life is one run of a process.
type life struct {
	process *os.Process
	ready   chan struct{} // closed when it says so
	ended   chan struct{} // closed when it is gone
}

// Kill ends it with SIGKILL.
func (p *process) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return nil
	}
	l := p.life
	p.life = nil
	if err := l.process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-l.ended
	return nil
}

// Restart starts it, again and again while it gives up because what it stands
// on is away.
func (p *process) Restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		l, err := p.start()
		if err != nil {
			return fmt.Errorf("start %s: %w", p.name, err)
		}
		select {
		case <-l.ready:
			p.life = l
			return nil
		case <-l.ended:
			if ctx.Err() != nil {
				return fmt.Errorf("%s does not stay: %w", p.name, ctx.Err())
			}
		case <-ctx.Done():
			err := l.process.Kill()
			<-l.ended
			return errors.Join(fmt.Errorf("%s is not ready: %w", p.name, ctx.Err()), err)
		}
	}
}

// alive reports whether it runs still.
func (p *process) alive() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life == nil {
		return false
	}
	select {
	case <-p.life.ended:
		return false
	default:
		return true
	}
}

func (p *process) start() (*life, error) {
	said, say, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(p.path, p.args...)
	cmd.Env = append(os.Environ(), p.env...)
	cmd.Stdout, cmd.Stderr = say, say
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
	l := &life{ready: make(chan struct{}), ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the child with the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		_ = say.Close()
		if cmd.Process != nil {
			_ = cmd.Wait() // we ended it, or its log says why
		}
		close(l.ended)
	}()
	if err := <-started; err != nil {
		return nil, errors.Join(err, said.Close())
	}
	l.process = cmd.Process
	go p.listen(said, l)
	return l, nil
}

// listen keeps what a process says, and hears when it is ready.
func (p *process) listen(said io.ReadCloser, l *life) {
	defer func() { _ = said.Close() }()
	lines := bufio.NewScanner(said)
	lines.Buffer(nil, 1<<20)
	var once sync.Once
	for lines.Scan() {
		_, _ = fmt.Fprintf(p.log, "%s %s: %s\n", time.Now().Format("05.000"), p.name, lines.Text())
		if strings.Contains(lines.Text(), running) {
			once.Do(func() { close(l.ready) })
		}
	}
}
