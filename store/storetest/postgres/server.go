package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// server is one running postmaster.
type server struct {
	process *os.Process
	done    chan struct{} // closed when the process is gone
}

// spawn starts a postmaster over the cluster's data.
func (c *Cluster) spawn() (*server, error) {
	logFile, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the PostgreSQL log: %w", err)
	}
	defer logFile.Close()

	cmd := exec.Command(filepath.Join(c.bin, "postgres"), c.settings()...)
	c.prepare(cmd)
	endWithParent(cmd.SysProcAttr)
	cmd.Stdout, cmd.Stderr = logFile, logFile

	s := &server{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the child with the thread that started it, so this
		// goroutine keeps that thread until the server has gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- cmd.Start()
		if cmd.Process != nil {
			_ = cmd.Wait() // how it ended is in its log
		}
		close(s.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.process = cmd.Process
	return s, nil
}

// settings are for speed and for many test binaries at once. Commits still
// reach the operating system (synchronous_commit stays on), so that Kill loses
// none; only a crash of the machine would.
func (c *Cluster) settings() []string {
	return []string{
		"-D", filepath.Join(c.dir, "data"),
		"-k", c.dir,
		"-c", "listen_addresses=",
		"-c", "fsync=off",
		"-c", "full_page_writes=off",
		"-c", "max_connections=300",
	}
}

func (s *server) signal(sig syscall.Signal) error {
	err := s.process.Signal(sig)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	return nil
}
