package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"syscall"
)

// Freeze makes the server and the sessions that are open hang, as on a machine
// that swaps or behind a network that has gone: they keep their connections
// and answer nothing. Thaw, Kill and Stop end that. Freezing a server that
// does not run does nothing. A borrowed server is refused.
func (c *Cluster) Freeze(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dir == "" {
		return errBorrowed
	}
	if c.server == nil {
		return nil
	}
	sessions, err := c.sessions(ctx)
	if err != nil {
		return fmt.Errorf("find the sessions of PostgreSQL: %w", err)
	}
	c.frozen = append([]int{c.server.process.Pid}, sessions...)
	return c.signalFrozen(syscall.SIGSTOP)
}

// Thaw lets a server that was frozen go on where it was.
func (c *Cluster) Thaw() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.thaw()
}

func (c *Cluster) thaw() error {
	err := c.signalFrozen(syscall.SIGCONT)
	c.frozen = nil
	return err
}

func (c *Cluster) signalFrozen(sig syscall.Signal) error {
	for _, pid := range c.frozen {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("send %s to PostgreSQL: %w", sig, err)
		}
	}
	return nil
}

// sessions lists the processes of the server that serve somebody else.
func (c *Cluster) sessions(ctx context.Context) ([]int, error) {
	db, err := sql.Open("postgres", c.dsn)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SELECT pid FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []int
	for rows.Next() {
		var pid int
		if err := rows.Scan(&pid); err != nil {
			return nil, err
		}
		out = append(out, pid)
	}
	return out, rows.Err()
}
