package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// EnvDSN names the environment variable that holds the connection string of a
// running PostgreSQL server which Start uses instead of starting its own. The
// user in it must be allowed to create databases.
const EnvDSN = "TOCSIN_TEST_POSTGRES"

const (
	// startTimeout is generous: a cold start on a busy machine takes seconds,
	// and recovery after Kill takes a few more.
	startTimeout = 60 * time.Second
	stopTimeout  = 10 * time.Second
	pollInterval = 20 * time.Millisecond
)

// errBorrowed answers what only the owner of a server may do to it.
var errBorrowed = errors.New("the PostgreSQL server named by " + EnvDSN + " is not ours: use StartOwn")

// Cluster is a PostgreSQL server that tests make databases in. Its methods may
// be called from several goroutines.
type Cluster struct {
	dsn   string
	bin   string // where initdb and postgres are; empty for a borrowed server
	dir   string // holds data, socket and log; empty for a borrowed server
	owner *syscall.Credential

	mu        sync.Mutex
	server    *server // nil while no process runs
	frozen    []int   // the processes that Freeze stopped
	databases []string
	stopped   bool
}

// Start returns the server that TOCSIN_TEST_POSTGRES names, or starts a
// throw-away cluster when the variable is empty. The error is ErrNoBinaries
// when there is nothing to start one from.
func Start(ctx context.Context) (*Cluster, error) {
	dsn := os.Getenv(EnvDSN)
	if dsn == "" {
		return StartOwn(ctx)
	}
	if _, err := withDatabase(dsn, "postgres"); err != nil {
		return nil, err
	}
	c := &Cluster{dsn: dsn}
	if err := c.ping(ctx); err != nil {
		return nil, fmt.Errorf("reach the PostgreSQL server that %s names: %w", EnvDSN, err)
	}
	return c, nil
}

// StartOwn starts a throw-away cluster, whatever the environment says: for
// tests that kill their database. The error is ErrNoBinaries when there is
// nothing to start one from.
func StartOwn(ctx context.Context) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	owner, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tocsin-postgres-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for a PostgreSQL cluster: %w", err)
	}
	c := &Cluster{dsn: socketDSN(dir), bin: bin, dir: dir, owner: owner}
	if err := c.create(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := c.Restart(ctx); err != nil {
		return nil, errors.Join(err, c.Stop()) //nolint:contextcheck // it ends also what a context that is over began
	}
	return c, nil
}

// DSN returns the connection string of the server's maintenance database.
// Tests keep to databases of their own: see CreateDatabase.
func (c *Cluster) DSN() string { return c.dsn }

// Kill ends the server with SIGKILL, as a crash would, and returns when it is
// gone; sessions that are open end moments later. Committed transactions
// survive, and Restart brings them back. Killing a server that does not run
// does nothing. A borrowed server is refused.
func (c *Cluster) Kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dir == "" {
		return errBorrowed
	}
	return c.end(syscall.SIGKILL)
}

// Restart starts a server that was killed, on the same address and data, and
// returns when it answers. A running one is left alone. A borrowed or stopped
// server is refused.
func (c *Cluster) Restart(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dir == "" {
		return errBorrowed
	}
	if c.stopped {
		return errors.New("restart a stopped PostgreSQL cluster: its data is gone")
	}
	if c.server != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return c.run(ctx)
}

// Stop ends the server and removes everything it wrote. On a borrowed server
// it only drops the databases made through this Cluster. Stopping twice does
// nothing.
func (c *Cluster) Stop() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return nil
	}
	c.stopped = true
	if c.dir == "" {
		return c.dropDatabases()
	}
	return errors.Join(c.forget(), c.end(syscall.SIGQUIT), os.RemoveAll(c.dir))
}

// forget makes a killed server clean up after itself: a postmaster that died
// of SIGKILL leaves a shared memory segment which only its successor removes.
func (c *Cluster) forget() error {
	if c.server != nil {
		return nil
	}
	if _, err := os.Stat(filepath.Join(c.dir, "data", "postmaster.pid")); err != nil {
		return nil //nolint:nilerr // no file: the last server ended by itself and left nothing
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	return c.run(ctx)
}

// end sends sig and waits for the process; it turns to SIGKILL when the
// server does not obey.
func (c *Cluster) end(sig syscall.Signal) error {
	if c.server == nil {
		return nil
	}
	s := c.server
	c.server = nil
	if err := c.thaw(); err != nil {
		return err
	}
	if err := s.signal(sig); err != nil {
		return err
	}
	select {
	case <-s.done:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("PostgreSQL ignored %s for %s", sig, stopTimeout), s.signal(syscall.SIGKILL))
	}
}

// create makes the data directory.
func (c *Cluster) create(ctx context.Context) error {
	if c.owner != nil {
		if err := os.Chown(c.dir, int(c.owner.Uid), int(c.owner.Gid)); err != nil {
			return fmt.Errorf("give the PostgreSQL directory to an unprivileged user: %w", err)
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, "initdb"),
		"--pgdata", filepath.Join(c.dir, "data"), "--username", "postgres",
		"--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync")
	c.prepare(cmd)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(string(out)))
	}
	return nil
}

// run starts the server until it stays: right after a crash the predecessor's
// children may hold its shared memory for a moment, and a new server refuses.
func (c *Cluster) run(ctx context.Context) error {
	for {
		s, err := c.spawn()
		if err != nil {
			return err
		}
		err = c.await(ctx, s)
		if err == nil {
			c.server = s
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(fmt.Errorf("start PostgreSQL: %w", err), s.signal(syscall.SIGKILL))
		}
	}
}

// await waits until s answers or has ended.
func (c *Cluster) await(ctx context.Context, s *server) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := c.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return fmt.Errorf("the server ended: %s", c.log())
		case <-ctx.Done():
			return fmt.Errorf("%w: %w: %s", ctx.Err(), err, c.log())
		case <-tick.C:
		}
	}
}

// prepare makes cmd run as the cluster's owner, in its directory, and apart
// from our process group: Ctrl-C is for the tests, the database ends last.
func (c *Cluster) prepare(cmd *exec.Cmd) {
	cmd.Dir = c.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: c.owner}
}

func (c *Cluster) logFile() string { return filepath.Join(c.dir, "log") }

func (c *Cluster) log() string {
	text, err := os.ReadFile(c.logFile())
	if err != nil {
		return err.Error()
	}
	return lastLines(string(text))
}

// lastLines returns the end of a program's output, where it says what failed.
func lastLines(text string) string {
	const keep = 8
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-keep):], "\n")
}
