package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/api/beat"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/integrations/kubernetes"
	"github.com/tocsinhq/tocsin/runbook/serve"
	"github.com/tocsinhq/tocsin/runbook/shelf"
	"github.com/tocsinhq/tocsin/store"
	workers "github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

// Options say what one process does.
type Options struct {
	Config Config
	// Temporal is where the engine is; without a HostPort its usual
	// environment variables say.
	Temporal client.Options
	// API serves people; Intake takes alerts too, which needs the credentials
	// of paging and a worker of the incidents queue in the same process.
	API, Intake bool
	// Queues are the task queues whose work is done here.
	Queues []string
	// Listen is used instead of Config.Listen.
	Listen string
	// Beat is the time between two beats, in whole seconds; zero is a minute.
	Beat time.Duration
	// Store is used instead of opening Config.Database, and is not closed.
	Store *store.Store
	// Clusters are there beside those of Config.Systems, and their rollouts are
	// watched.
	Clusters map[string]*kubernetes.Cluster
	Log      *slog.Logger
}

// App is one running process of Tocsin.
type App struct {
	Store   *store.Store
	Client  client.Client
	Metrics *prometheus.Registry

	options  Options
	log      *slog.Logger
	catalogs *store.Catalogs
	stop     context.CancelFunc // of what runs until Close
	engine   *workflows.Client
	parts    workers.Parts
	outside  *outside
	links    activities.Links
	recent   *store.RecentChanges
	watched  map[string]*kubernetes.Cluster // those whose rollouts are
	shelf    *shelf.Shelf
	keep     func(f func(context.Context)) // has f run until Close
	intake   *intake.Intake
	workers  []worker.Worker
	server   *http.Server
	listener net.Listener
	failed   chan error
	beats    *beat.Keeper
	beating  sync.WaitGroup
	hush     context.CancelFunc // ends the beats
}

// New puts a process together. It waits while Temporal is away, until ctx ends,
// and fails with what to do when the database or Temporal cannot be used. A
// database server that is away fails nothing.
func New(ctx context.Context, o Options) (*App, error) {
	if err := o.Config.Validate(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	o.Config.Listen = cmp.Or(o.Listen, o.Config.Listen)
	a := &App{failed: make(chan error, 1), options: o, log: o.Log, Metrics: prometheus.NewRegistry()}
	for _, step := range []func(context.Context) error{a.openStore, a.dialEngine, a.makeParts, a.makeIntake, a.makeWorkers, a.makeServer} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close(ctx))
		}
	}
	return a, nil
}

func (a *App) openStore(ctx context.Context) error {
	a.Store = a.options.Store
	if a.Store == nil {
		s, err := store.Open(ctx, a.options.Config.Database)
		if err != nil {
			return fmt.Errorf("open the database: %w", err)
		}
		a.Store = s
	}
	a.catalogs = store.NewCatalogs(a.Store)
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	go a.catalogs.Keep(life)
	a.keep = func(f func(context.Context)) { go f(life) }
	return nil
}

func (a *App) dialEngine(ctx context.Context) error {
	options, err := whereabouts(a.options.Temporal)
	if err != nil {
		return err
	}
	if a.Client, err = dial(options, a.Metrics, a.log); err != nil {
		return err
	}
	var missing []string
	err = a.untilAnswered(ctx, func(ctx context.Context) (err error) {
		missing, err = unlisted(ctx, a.Client, options.Namespace)
		return err
	})
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		a.log.Warn("search attributes are missing; going without them: run tocsin migrate", "missing", missing)
	}
	a.engine = &workflows.Client{Temporal: a.Client, Namespace: options.Namespace, Unlisted: len(missing) > 0}
	return nil
}

// linkLife is how long an acknowledge link works.
const linkLife = 24 * time.Hour

func (a *App) makeParts(context.Context) error {
	c := a.options.Config
	a.links = activities.Links{Base: c.PublicURL, Signer: acklink.Signer{Key: []byte(c.LinkKey), TTL: linkLife}}
	if err := a.links.Signer.Validate(); err != nil {
		return fmt.Errorf("TOCSIN_LINK_KEY: %w", err)
	}
	out, err := connect(c, a.links, a.log)
	if err != nil {
		return err
	}
	a.outside = out
	a.shelf = &shelf.Shelf{Store: a.Store, Own: ownRunbooks(), Queue: workflows.Runbooks}
	if a.options.API || a.options.Intake || a.sweeps() || slices.Contains(a.options.Queues, workflows.Incidents) {
		a.keep(a.shelf.Keep)
	}
	pager := &activities.Pager{Catalogs: a.catalogs, Channels: out.channels, Ledger: a.Store, Turns: a.Store, Links: a.links}
	publisher := &activities.Publisher{Pager: pager, Mailer: out.mailer, Incidents: a.Store}
	if out.tracker != nil {
		publisher.Tracker = out.tracker
	}
	a.parts = workers.Parts{
		Pager: pager, Publisher: publisher, Recorder: &activities.Recorder{Journal: a.Store, Divider: a.Store, Catalogs: a.catalogs, Outputs: a.Store, Gate: a.Store, Shelf: a.shelf},
		Runbooks:  &activities.Runbooks{Deployer: out.deployer, Metrics: out.metrics, Targets: activities.TemporalRuns{Client: a.Client}},
		Inspector: &activities.Inspector{Runs: activities.TemporalRuns{Client: a.Client}},
		Lookout:   &activities.Lookout{Pager: pager, Told: a.Store},
		Reviewer:  &activities.Reviewer{Pager: pager, Mailer: out.mailer, Past: a.Store},
		Herald:    &activities.Herald{Pager: pager, Notices: a.Store, Offers: a.engine},
	}
	return a.connectSystems()
}

// connectSystems makes what runbooks act on, where they run: no other process
// needs the credentials.
func (a *App) connectSystems() error {
	if !slices.Contains(a.options.Queues, workflows.Runbooks) {
		return nil
	}
	a.parts.Version = a.options.Config.RunbooksVersion
	s, err := LoadSystems(a.options.Config.Systems)
	if err != nil {
		return err
	}
	if a.watched, err = s.Connect(&a.parts); err != nil {
		return err
	}
	for name, cluster := range a.options.Clusters {
		a.watched[name], a.parts.Kubernetes.Clusters[name] = cluster, cluster
	}
	return nil
}

func (a *App) makeWorkers(context.Context) error {
	list, err := workers.New(a.Client, a.parts, a.options.Queues...)
	if err != nil {
		return err
	}
	a.workers = list
	return nil
}

// Start begins to work. It returns when the process is ready. While Temporal is
// away it waits until ctx ends; but a worker that Temporal leaves at its very
// start cannot be started twice, and a supervisor has to start the process
// again.
func (a *App) Start(ctx context.Context) error {
	for _, w := range a.workers {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start a worker: %w", err)
		}
	}
	if a.sweeps() {
		err := a.untilAnswered(ctx, func(ctx context.Context) error {
			schedules := a.Client.ScheduleClient()
			return errors.Join(workflows.EnsureSchedule(ctx, schedules), workflows.EnsureWatch(ctx, schedules),
				workflows.EnsureCoverage(ctx, schedules), workflows.EnsureHerald(ctx, schedules),
				workflows.EnsureNoise(ctx, schedules))
		})
		if err != nil {
			return fmt.Errorf("schedule what runs again and again: %w", err)
		}
	}
	a.takeTurn()      //nolint:contextcheck // it does until Close
	a.watchRollouts() //nolint:contextcheck // it watches until Close
	return a.listen(ctx)
}

// takeTurn has new runs of runbooks be those of this version, where it is a new
// one.
func (a *App) takeTurn() {
	if slices.Contains(a.options.Queues, workflows.Runbooks) {
		a.keep(func(ctx context.Context) {
			serve.TakeTurn(ctx, a.Client, workflows.Runbooks, a.options.Config.RunbooksVersion, a.log)
		})
	}
}

func (a *App) listen(ctx context.Context) error {
	if a.server == nil {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a.options.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w; set TOCSIN_LISTEN to another address", a.options.Config.Listen, err)
	}
	a.listener = l
	go func() {
		if err := a.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.failed <- fmt.Errorf("serve the API: %w", err)
		}
	}()
	a.startBeating(ctx)
	return nil
}

// Failed tells of what keeps the process from going on, so that it can end
// and be started anew.
func (a *App) Failed() <-chan error { return a.failed }

// Addr returns the address that the API listens on, or "".
func (a *App) Addr() string {
	if a.listener == nil {
		return ""
	}
	return a.listener.Addr().String()
}

// Close stops in the order that loses nothing: the API and the intake first,
// then the workers, then what they stand on. It is safe to call twice.
func (a *App) Close(ctx context.Context) error {
	var problems []error
	a.stopBeating()
	if a.server != nil {
		problems = append(problems, a.server.Shutdown(ctx))
	}
	if a.intake != nil {
		problems = append(problems, a.intake.Close(ctx))
	}
	for _, w := range a.workers {
		w.Stop()
	}
	if a.Client != nil {
		a.Client.Close()
	}
	if a.stop != nil {
		a.stop()
	}
	if a.Store != nil && a.options.Store == nil {
		problems = append(problems, a.Store.Close())
	}
	a.server, a.intake, a.workers, a.Client, a.Store = nil, nil, nil, nil, nil
	return errors.Join(problems...)
}
