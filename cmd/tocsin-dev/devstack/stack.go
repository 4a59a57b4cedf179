package devstack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"

	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devserver"
	"github.com/tocsinhq/tocsin/cmd/tocsin/app"
	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/phone"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/worker"
	"github.com/tocsinhq/tocsin/workflows"
)

// Stack is everything, running.
type Stack struct {
	Engine  *devserver.Server
	Sandbox *sandbox.Sandbox
	App     *app.App
	// Tokens are one for each person of the catalog, by id, and those of the
	// machines that send alerts.
	Tokens Tokens
	// Store is the database.
	Store *store.Store

	config  Config
	catalog *catalog.Catalog
	secrets secrets
	api     string
}

// secrets are shared between Tocsin and the sandbox.
type secrets struct{ link, webhook, jira string }

// Start starts everything and returns when it is ready. What was started is
// stopped again when a part cannot be.
func Start(ctx context.Context, c Config) (*Stack, error) {
	s := &Stack{config: c.orDefaults()}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"read the secrets", s.readSecrets},
		{"start Temporal", s.startEngine},
		{"start the sandbox", s.startSandbox},
		{"prepare the database", s.prepare},
		{"start Tocsin", s.startApp},
	} {
		if err := step.do(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", step.what, err), s.Close(ctx))
		}
	}
	return s, nil
}

func (s *Stack) readSecrets(context.Context) (err error) {
	for name, into := range map[string]*string{"link.key": &s.secrets.link, "webhook.key": &s.secrets.webhook, "jira.key": &s.secrets.jira} {
		if *into, err = s.config.secret(name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Stack) startEngine(ctx context.Context) (err error) {
	if s.config.Apart {
		return nil
	}
	s.Engine, err = StartEngine(ctx, devserver.Config{
		FrontendAddr: s.config.Temporal, UIAddr: s.config.UI, SQLiteFile: s.config.file("temporal.db"), Logger: s.config.Log,
		LongRun: s.config.LongRun,
	})
	return err
}

// StartEngine starts a Temporal that has the search attributes of incidents.
func StartEngine(ctx context.Context, c devserver.Config) (*devserver.Server, error) {
	c.SearchAttributes = map[string]enums.IndexedValueType{}
	for _, name := range workflows.SearchAttributes() {
		c.SearchAttributes[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	return devserver.Start(ctx, c)
}

func (s *Stack) startSandbox(ctx context.Context) (err error) {
	api, err := reserve(ctx, s.config.API)
	if err != nil {
		return err
	}
	s.api = api
	dir := s.config.Dir
	if s.config.ForgetfulSandbox {
		dir = ""
	}
	s.Sandbox, err = sandbox.New(sandbox.Config{ //nolint:contextcheck // it lives as long as the stack, not as its start
		Addr: s.config.Sandbox, SMTPAddr: s.config.SMTP, Dir: dir, Log: s.config.Log,
		Jira: jira.Config{
			Projects: projects(),
			Webhook:  jira.Webhook{URL: "http://" + api + "/v1/webhooks/jira", Secret: s.secrets.jira},
		},
		Phone:    phone.Config{HookSecret: s.secrets.webhook},
		Twilio:   twilio.Config{ReplyURL: "http://" + api + "/v1/webhooks/twilio/sms"},
		Deployer: deployer.Config{Token: deployerToken},
	})
	if err != nil {
		return err
	}
	s.Sandbox.Start(context.WithoutCancel(ctx))
	return nil
}

// deployerToken lets Tocsin speak to the sandbox's deploy target.
const deployerToken = "sandbox-deployer-token"

func projects() []jira.Project {
	return []jira.Project{
		{ID: "10000", Key: "PAY", Name: "Payments"}, {ID: "10001", Key: "SHOP", Name: "Web shop"}, {ID: "10002", Key: "PLAT", Name: "Platform"},
	}
}

// reserve turns port 0 into a port that is free now.
func reserve(ctx context.Context, addr string) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("listen on %s: %w; choose another port", addr, err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// prepare migrates the database, puts the catalog in force and makes tokens.
func (s *Stack) prepare(ctx context.Context) error {
	db, err := store.Open(ctx, s.database())
	if err != nil {
		return err
	}
	s.Store = db
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	if err := s.applyCatalog(ctx, db); err != nil {
		return err
	}
	if s.Tokens, err = MakeTokens(ctx, db, s.catalog, s.config.file("tokens")); err != nil {
		return err
	}
	s.Sandbox.Deployer.ReportTo("http://"+s.api+"/v1/changes", s.Tokens["deployer"])
	return nil
}

func (s *Stack) database() string {
	switch {
	case s.config.Database != "":
		return s.config.Database
	case s.config.Dir == "":
		return "sqlite::memory:"
	}
	return "sqlite:" + s.config.file("tocsin.db")
}

// applyCatalog puts the catalog in force, unless it already is.
func (s *Stack) applyCatalog(ctx context.Context, db *store.Store) error {
	load := s.config.Catalog
	if load == nil {
		load = func() (*catalog.Catalog, error) { return ExampleCatalog(s.Sandbox.URL()) }
	}
	wanted, err := load()
	if err != nil {
		return fmt.Errorf("read the catalog: %w", err)
	}
	if s.config.Adjust != nil {
		s.config.Adjust(wanted)
	}
	s.catalog = wanted
	version, err := db.CatalogVersion(ctx)
	if err != nil {
		return err
	}
	if version > 0 {
		current, _, err := db.CurrentCatalog(ctx)
		if err != nil || len(catalog.Diff(current, wanted)) == 0 {
			return err
		}
	}
	_, err = db.SaveCatalog(ctx, wanted, version, "tocsin-dev")
	return err
}

func (s *Stack) startApp(ctx context.Context) (err error) {
	if s.config.Apart {
		return nil
	}
	s.App, err = app.New(ctx, app.Options{
		Config:   s.AppConfig(),
		Temporal: client.Options{HostPort: s.Engine.FrontendAddr()},
		API:      true, Intake: true, Queues: worker.Queues(), Store: s.Store, Log: s.config.Log, Beat: s.config.Beat,
		Clusters: s.config.Clusters,
	})
	if err != nil {
		return err
	}
	return s.App.Start(ctx)
}

// AppConfig says how Tocsin is set up, in this process or in one Apart.
func (s *Stack) AppConfig() app.Config {
	return app.Config{
		RunbooksVersion: s.config.RunbooksVersion,
		Database:        s.database(), Listen: s.api, PublicURL: "http://" + s.api, LinkKey: s.secrets.link, Console: true,
		SMTPAddr: s.Sandbox.SMTPAddr(), SMTPTLS: "none", SMTPFrom: "Tocsin <tocsin@example.org>",
		NtfyURL: cmp.Or(s.config.Push, s.Sandbox.URL()+"/phone"), WebhookSecret: s.secrets.webhook,
		WatchdogURL: s.Sandbox.URL() + s.Sandbox.Heartbeat.Path(),
		JiraURL:     s.Sandbox.URL() + "/jira", JiraEmail: jira.DefaultEmail, JiraToken: jira.DefaultToken, JiraWebhookSecret: s.secrets.jira,
		PushoverURL: s.Sandbox.URL() + "/pushover", PushoverToken: pushover.DefaultToken,
		TwilioURL: s.Sandbox.URL() + "/twilio", TwilioAccountSID: twilio.DefaultAccountSID, TwilioAuthToken: twilio.DefaultAuthToken,
		TwilioFrom: twilio.DefaultNumber, TwilioReplies: true,
		DeployerURL: s.Sandbox.URL() + "/deploy", DeployerToken: deployerToken,
		PrometheusURL: s.Sandbox.URL() + "/prometheus",
	}
}

// URL returns the address of the API.
func (s *Stack) URL() string { return "http://" + s.api }

// Catalog returns the catalog that was applied.
func (s *Stack) Catalog() *catalog.Catalog { return s.catalog }

// Close stops everything, the intake first and Temporal last. It is safe to
// call on a Stack that did not start whole.
func (s *Stack) Close(ctx context.Context) error {
	var problems []error
	if s.App != nil {
		problems = append(problems, s.App.Close(ctx))
	}
	if s.Store != nil {
		problems = append(problems, s.Store.Close())
	}
	if s.Sandbox != nil {
		problems = append(problems, s.Sandbox.Close()) //nolint:contextcheck // it bounds its own shutdown
	}
	if s.Engine != nil {
		problems = append(problems, s.Engine.Close())
	}
	s.App, s.Store, s.Sandbox, s.Engine = nil, nil, nil, nil
	return errors.Join(problems...)
}
