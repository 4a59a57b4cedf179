package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/web"
)

// Config is what New puts together. What is not said to be optional is
// needed.
type Config struct {
	Store    Store
	Commands Commands
	Catalogs Catalogs
	// Duty keeps what people change day by day.
	Duty Duty
	// Evidence is what was found out.
	Evidence Evidence
	// PublicURL is where people and providers reach the API, without a slash at
	// the end; it stands before the addresses of calendar feeds and of webhooks.
	PublicURL string
	// Intake is nil in a process that takes no alerts: it answers 404 there.
	Intake Intake
	// Pager is nil where no page can be tested.
	Pager Pager
	// Tickets hears of changes at the tracker, and ReadHint reads its webhooks;
	// without both the webhook answers 404.
	Tickets Tickets
	// ReadHint checks the signature of a webhook, which is in its header, and
	// returns the ticket that it is about, if any. Its error is of kind
	// incident.Unauthenticated or incident.Invalid.
	ReadHint func(header http.Header, body []byte) (incident.TicketRef, error)
	// Changes takes what is reported as changed; without it reports are answered
	// with 404.
	Changes Changes
	// ReadGitHub checks the signature of a webhook, which is in its header, and
	// returns what was changed, if anything. Without it the webhook answers 404.
	ReadGitHub func(header http.Header, body []byte) (changes.InRepository, error)
	// Texts reads the webhooks of the provider of SMS, which are signed for
	// PublicURL, and Failures hears what they say of pages; without both they
	// answer 404.
	Texts    Texts
	Failures Failures
	// Links verifies acknowledge links.
	Links acklink.Signer
	// Runbooks lists what can be run; nil lists nothing.
	Runbooks func() []spec.Served
	Checks   []Check
	// Channels are the kinds of contact methods that are configured; nil where
	// nobody knows.
	Channels []string
	// Metrics is where the API registers its own and what /metrics shows.
	Metrics *prometheus.Registry
	Log     *slog.Logger
	// Now is time.Now unless a test says otherwise.
	Now func() time.Time
	// TrustedProxies may say for whom they forward; it is empty when callers
	// connect directly.
	TrustedProxies []*net.IPNet
	// Poll is how often a live stream looks for news; zero means a second.
	Poll time.Duration
	// Lag is how far the record may be behind what people hold in their hands;
	// zero means a second.
	Lag time.Duration
}

// server answers the operations of the contract: a file for each noun.
type server struct {
	Config
	auth    *auth
	metrics *requestMetrics
	pages   *web.Pages
	streams chan struct{}
	large   chan struct{}
	answers pace
}

// maxStreams bounds how many people watch one process at once.
const maxStreams = 500

var _ gen.StrictServerInterface = (*server)(nil)

// New returns the handler of the whole API. It fails when something that it
// needs is missing.
func New(c Config) (http.Handler, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	operations, err := readContract()
	if err != nil {
		return nil, err
	}
	s := &server{
		Config: c, auth: newAuth(c.Store, c.Now, c.Log), streams: make(chan struct{}, maxStreams), large: make(chan struct{}, maxLarge),
	}
	if s.metrics, err = newRequestMetrics(c.Metrics); err != nil {
		return nil, err
	}
	if err := s.watchCoverage(); err != nil {
		return nil, err
	}
	if s.pages, err = web.New(); err != nil {
		return nil, err
	}
	f := failer{s.pages, c.Log}
	return withRequestID(withHeaders(withRecovery(f, s.router(operations, f)))), nil
}

// router puts every operation behind the contract.
func (s *server) router(operations map[string]operation, f failer) *echo.Echo {
	e := echo.New()
	e.Binder = binder{}
	e.IPExtractor = s.callers()
	e.HTTPErrorHandler = func(err error, ec echo.Context) {
		if !ec.Response().Committed {
			f.fail(ec.Response(), ec.Request(), err)
		}
	}
	chain := map[string][]echo.MiddlewareFunc{}
	for id, op := range operations {
		chain[id] = []echo.MiddlewareFunc{s.metrics.observe(id), s.enforce(op)}
	}
	gen.RegisterHandlersWithOptions(e, gen.NewStrictHandler(s, nil), gen.RegisterHandlersOptions{OperationMiddlewares: chain})
	return e
}

func (c *Config) complete() error {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Runbooks == nil {
		c.Runbooks = func() []spec.Served { return nil }
	}
	if c.Poll <= 0 {
		c.Poll = time.Second
	}
	if c.Lag <= 0 {
		c.Lag = time.Second
	}
	for what, missing := range map[string]bool{
		"Store": c.Store == nil, "Commands": c.Commands == nil, "Catalogs": c.Catalogs == nil, "Duty": c.Duty == nil, "Evidence": c.Evidence == nil,
		"Metrics": c.Metrics == nil, "Log": c.Log == nil,
	} {
		if missing {
			return errors.New("api: " + what + " is missing")
		}
	}
	if err := c.Links.Validate(); err != nil {
		return fmt.Errorf("api: %w", err)
	}
	return nil
}

// callers says how to find who calls: the peer itself, unless it is a proxy
// that is trusted to say for whom it forwards.
func (c *Config) callers() echo.IPExtractor {
	if len(c.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, proxy := range c.TrustedProxies {
		options = append(options, echo.TrustIPRange(proxy))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// NewHTTPServer returns a server for the handler with time-outs that no slow
// caller can hold open. Live streams lift the one for writing themselves, and
// end when Shutdown is called; other requests are let through to their end.
func NewHTTPServer(h http.Handler) *http.Server {
	stopping, stop := context.WithCancel(context.Background())
	server := &http.Server{
		Handler: h,
		BaseContext: func(net.Listener) context.Context {
			return context.WithValue(context.Background(), stoppingKey{}, stopping)
		},
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       20 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	server.RegisterOnShutdown(stop)
	return server
}

type stoppingKey struct{}

// stopping is closed when the server that took a request shuts down.
func stopping(ctx context.Context) <-chan struct{} {
	if c, ok := ctx.Value(stoppingKey{}).(context.Context); ok {
		return c.Done()
	}
	return nil
}
