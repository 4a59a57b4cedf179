package sandbox

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/heartbeat"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/internal/page"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/metrics"
	"github.com/tocsinhq/tocsin/sandbox/phone"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
)

// The addresses of the zero Config.
const (
	DefaultAddr     = "127.0.0.1:8090"
	DefaultSMTPAddr = "127.0.0.1:8025"
)

const (
	readTimeout     = 30 * time.Second
	shutdownTimeout = 3 * time.Second
)

//go:embed templates
var templates embed.FS

// Config says how the sandbox is set up; the zero value listens on the
// default addresses and keeps everything in memory.
type Config struct {
	// Addr is where HTTP is listened for, SMTPAddr where mail is.
	Addr, SMTPAddr string
	// Dir keeps the state of every part in a file each; empty keeps none. It
	// stands for the Dir of each part.
	Dir string
	// Log receives what nobody can be answered, and stands for that of each
	// part; nil discards it.
	Log *slog.Logger

	Jira     jira.Config
	Inbox    inbox.Config
	Phone    phone.Config
	Twilio   twilio.Config
	Pushover pushover.Config
	Deployer deployer.Config
	// Heartbeat keeps nothing, in no Dir.
	Heartbeat heartbeat.Config
}

// Sandbox is all the parts behind one HTTP and one SMTP address.
type Sandbox struct {
	// The parts, to be looked at, set up and made to fail.
	Jira      *jira.Server
	Inbox     *inbox.Server
	Phone     *phone.Server
	Twilio    *twilio.Server
	Pushover  *pushover.Server
	Deployer  *deployer.Server
	Metrics   *metrics.Server
	Heartbeat *heartbeat.Server

	log        *slog.Logger
	pages      *page.Set
	http, smtp net.Listener
	server     *http.Server
	serving    sync.WaitGroup
	closing    sync.Once
	closed     error
}

// New listens on both addresses and sets the parts up, so that URL and
// SMTPAddr are known; nobody is answered before Start. It fails when an
// address is taken or kept state cannot be read.
func New(config Config) (*Sandbox, error) {
	config = config.withDefaults()
	s := &Sandbox{log: config.Log, pages: page.Must(templates)}
	var err error
	if s.http, err = net.Listen("tcp", config.Addr); err != nil {
		return nil, fmt.Errorf("listen for the sandbox's HTTP, choose another address if it is taken: %w", err)
	}
	if s.smtp, err = net.Listen("tcp", config.SMTPAddr); err != nil {
		return nil, errors.Join(
			fmt.Errorf("listen for the sandbox's SMTP, choose another address if it is taken: %w", err), s.http.Close())
	}
	if err := s.build(config); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.server = &http.Server{
		Handler: s.handler(), ReadTimeout: readTimeout, ReadHeaderTimeout: readTimeout,
		ErrorLog: slog.NewLogLogger(config.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

func (c Config) withDefaults() Config {
	c.Addr, c.SMTPAddr = cmp.Or(c.Addr, DefaultAddr), cmp.Or(c.SMTPAddr, DefaultSMTPAddr)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	if c.Deployer.Services == nil {
		c.Deployer.Services = []string{"payments", "checkout", "search"}
	}
	c.Jira.Dir, c.Inbox.Dir, c.Phone.Dir, c.Deployer.Dir, c.Twilio.Dir, c.Pushover.Dir = c.Dir, c.Dir, c.Dir, c.Dir, c.Dir, c.Dir
	c.Jira.Log, c.Inbox.Log, c.Twilio.Log = c.Log, c.Log, c.Log
	return c
}

func (s *Sandbox) build(config Config) error {
	if config.Jira.BaseURL == "" {
		config.Jira.BaseURL = s.URL() + "/jira"
	}
	var err error
	if s.Jira, err = jira.New(config.Jira); err != nil {
		return fmt.Errorf("set JIRA up: %w", err)
	}
	if s.Inbox, err = inbox.New(config.Inbox); err != nil {
		return fmt.Errorf("set the inbox up: %w", err)
	}
	if s.Phone, err = phone.New(config.Phone); err != nil {
		return fmt.Errorf("set the phones up: %w", err)
	}
	if s.Twilio, err = twilio.New(config.Twilio); err != nil {
		return fmt.Errorf("set the SMS up: %w", err)
	}
	if s.Pushover, err = pushover.New(config.Pushover); err != nil {
		return fmt.Errorf("set Pushover up: %w", err)
	}
	if s.Deployer, err = deployer.New(config.Deployer); err != nil {
		return fmt.Errorf("set the deploy target up: %w", err)
	}
	s.Metrics, err = metrics.New(metrics.Config{Dir: config.Dir, Services: s.health})
	if err != nil {
		return fmt.Errorf("set the metrics up: %w", err)
	}
	s.Heartbeat = heartbeat.New(config.Heartbeat)
	return nil
}

// health ties the metrics to what is deployed.
func (s *Sandbox) health() []metrics.Health {
	var out []metrics.Health
	for _, service := range s.Deployer.Services() {
		current := service.Current()
		out = append(out, metrics.Health{Service: service.Name, Revision: current.Revision, Bad: current.Bad})
	}
	return out
}

// URL is the address of the HTTP server, without a final slash.
func (s *Sandbox) URL() string { return "http://" + s.http.Addr().String() }

// SMTPAddr is the host and port that take mail.
func (s *Sandbox) SMTPAddr() string { return s.smtp.Addr().String() }

// Start serves until ctx is done, when it closes the sandbox, or until Close.
// It returns at once.
func (s *Sandbox) Start(ctx context.Context) {
	s.serving.Go(func() {
		if err := s.server.Serve(s.http); err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the sandbox's HTTP server stopped", "err", err)
		}
	})
	s.serving.Go(func() {
		if err := s.Inbox.Serve(s.smtp); err != nil {
			s.log.Error("the sandbox's SMTP server stopped", "err", err)
		}
	})
	//nolint:contextcheck // The context is over when this runs.
	context.AfterFunc(ctx, func() {
		if err := s.Close(); err != nil {
			s.log.Warn("the sandbox did not close cleanly", "err", err)
		}
	})
}

// Close stops serving, lets held requests go and returns when everything has
// ended. Closing twice is harmless.
func (s *Sandbox) Close() error {
	s.closing.Do(func() { s.closed = s.close() })
	return s.closed
}

func (s *Sandbox) close() error {
	var errs []error
	if s.Phone != nil {
		s.Phone.Close()
	}
	if s.Twilio != nil {
		s.Twilio.Close()
	}
	if s.Pushover != nil {
		s.Pushover.Close()
	}
	if s.Deployer != nil {
		s.Deployer.Close()
	}
	if s.Metrics != nil {
		s.Metrics.Close()
	}
	if s.Jira != nil {
		s.Jira.Close()
	}
	if s.Heartbeat != nil {
		s.Heartbeat.Close()
	}
	if s.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		if err := s.server.Shutdown(ctx); err != nil {
			errs = append(errs, s.server.Close())
		}
	}
	if s.Inbox != nil {
		errs = append(errs, s.Inbox.Close())
	}
	s.serving.Wait()
	errs = append(errs, ignoreClosed(s.http.Close()), ignoreClosed(s.smtp.Close()))
	return errors.Join(errs...)
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
