package devserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/server/temporal"
)

// defaultRetention keeps closed runs long enough to look at them a week later.
const defaultRetention = 7 * 24 * time.Hour

// pollInterval is how often Start asks whether a part of the server answers.
const pollInterval = 20 * time.Millisecond

// Config says what to start. The zero value is a server in memory, without a
// UI, on a free port of the loopback interface.
type Config struct {
	// FrontendAddr is where clients connect: host:port. Without a host it is
	// the loopback interface; port 0, and an empty address, take a free port.
	FrontendAddr string
	// UIAddr is where the web UI listens, in the same form. Empty: no UI.
	UIAddr string
	// SQLiteFile holds the server's data and is created when missing; its
	// directory must exist. Empty: memory, gone with the server.
	SQLiteFile string
	// Namespace is registered at start. Empty: "default".
	Namespace string
	// Retention is how long a closed run is kept. Zero: seven days.
	Retention time.Duration
	// SearchAttributes are registered at start, by name; those that are there
	// already are left alone.
	SearchAttributes map[string]enumspb.IndexedValueType
	// LongRun is after how many events a run is advised to continue as a new
	// one. Zero: the server's own number, some thousands.
	LongRun int
	// Untuned leaves the server's own settings, which poll its queues at
	// 20 times a second at most; only measurements want that.
	Untuned bool
	// Logger hears what the server logs, down to its own level; the server is
	// talkative below warnings. Nil: warnings and errors to standard error.
	Logger *slog.Logger
}

// withDefaults returns c with every empty field filled in.
func (c Config) withDefaults() Config {
	if c.FrontendAddr == "" {
		c.FrontendAddr = ":0"
	}
	if c.Namespace == "" {
		c.Namespace = "default"
	}
	if c.Retention == 0 {
		c.Retention = defaultRetention
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	return c
}

// Server is a running Temporal server. Its methods may be called from several
// goroutines.
type Server struct {
	addrs addresses
	ui    *ui // nil without a UI
	close func() error
}

// Start starts a server and returns when it answers and its search attributes
// can be used. The context bounds the start only; Close ends the server. An
// address that is taken gives an error that wraps syscall.EADDRINUSE.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	addrs, err := reserve(cfg)
	if err != nil {
		return nil, err
	}
	store, err := prepareStore(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	closing := new(atomic.Bool)
	cfg.Logger = slog.New(gate{cfg.Logger.Handler(), closing})
	engine, err := temporal.NewServer(options(cfg, addrs, store)...)
	if err != nil {
		return nil, fmt.Errorf("assemble Temporal: %w", err)
	}
	s := &Server{addrs: addrs}
	s.close = sync.OnceValue(func() error {
		closing.Store(true)
		return s.stop(engine)
	})
	if err := s.start(ctx, cfg, engine); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start starts the engine, and then the UI, which needs it.
func (s *Server) start(ctx context.Context, cfg Config, engine temporal.Server) error {
	if err := engine.Start(); err != nil {
		return fmt.Errorf("start Temporal: %w", err)
	}
	if err := awaitFrontend(ctx, s.FrontendAddr(), cfg); err != nil {
		return fmt.Errorf("wait for Temporal at %s: %w", s.FrontendAddr(), err)
	}
	if s.addrs.ui == nil {
		return nil
	}
	var err error
	s.ui, err = startUI(ctx, cfg, s.addrs)
	if err != nil {
		return fmt.Errorf("wait for the Temporal UI at %s: %w", s.addrs.ui, err)
	}
	return nil
}

// FrontendAddr returns the host:port that clients connect to.
func (s *Server) FrontendAddr() string { return dialable(s.addrs.frontend).String() }

// UIAddr returns the host:port of the web UI, or "" when there is none.
func (s *Server) UIAddr() string {
	if s.addrs.ui == nil {
		return ""
	}
	return dialable(s.addrs.ui).String()
}

// Close ends the UI and the server. Calls after the first return what the
// first returned.
func (s *Server) Close() error { return s.close() }

func (s *Server) stop(engine temporal.Server) error {
	if s.ui != nil {
		s.ui.stop()
	}
	if err := engine.Stop(); err != nil {
		return fmt.Errorf("stop Temporal: %w", err)
	}
	return nil
}

// awaitFrontend returns when the namespace can be described.
func awaitFrontend(ctx context.Context, addr string, cfg Config) error {
	c, err := client.NewLazyClient(client.Options{HostPort: addr, Namespace: cfg.Namespace, Logger: cfg.Logger})
	if err != nil {
		return err
	}
	defer c.Close()
	return poll(ctx, func() error {
		_, err := c.CheckHealth(ctx, &client.CheckHealthRequest{})
		return err
	})
}

// poll calls ask until it succeeds, or the context ends.
func poll(ctx context.Context, ask func() error) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}
