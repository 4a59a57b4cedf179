package kill_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin-dev/devstack"
	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/jira"
	"github.com/tocsinhq/tocsin/sandbox/phone"
	"github.com/tocsinhq/tocsin/sandbox/pushover"
	"github.com/tocsinhq/tocsin/sandbox/twilio"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest/postgres"
	"github.com/tocsinhq/tocsin/test/scene"
)

// patience is how long anything may take to be seen while processes are
// killed, on a busy machine.
const patience = 5 * time.Minute

// The secrets that Tocsin and the sandbox share.
const (
	linkKey     = "the-key-of-all-acknowledge-links"
	hookSecret  = "the-secret-of-webhooks"
	jiraSecret  = "the-secret-of-jira"
	deployToken = "the-token-of-the-deployer"
)

// stack is Tocsin in processes of its own. The sandbox lives with the test: it
// is the outside, and survives.
type stack struct {
	world    *scene.World
	services []string
	// declare adjusts the example catalog.
	declare  func(*catalog.Catalog)
	dir      string
	api      string
	engine   string // the address of Temporal
	database string
	// longRun is after how many events a run is advised to continue as a new
	// one; zero leaves that to Temporal.
	longRun int
	log     *os.File

	victims map[string]victim
	mu      sync.Mutex
	outages []outage
}

// outage is when something was away.
type outage struct {
	who      string
	from, to time.Time
	// kinds are the contact methods that a provider serves; those of a process
	// of ours, which concerns all of them, are empty.
	kinds []string
	// mute says that the provider took what came, and lost its answers.
	mute bool
}

// ours reports whether it was one of our own processes.
func (o outage) ours() bool { return len(o.kinds) == 0 }

// concerns reports whether a page by a kind of contact method goes that way.
func (o outage) concerns(kind string) bool { return o.ours() || slices.Contains(o.kinds, kind) }

// note keeps when something was away.
func (s *stack) note(o outage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outages = append(s.outages, o)
}

// newStack starts the outside and reserves addresses.
func newStack(t *testing.T) *stack {
	t.Helper()
	s := &stack{dir: t.TempDir(), api: freeAddr(t), engine: freeAddr(t), victims: map[string]victim{}}
	for n := range 24 {
		s.services = append(s.services, fmt.Sprintf("shop%02d", n))
	}
	s.declare = s.forScenes
	var err error
	s.log, err = os.Create(filepath.Join(s.dir, "log"))
	require.NoError(t, err)
	outside, err := sandbox.New(sandbox.Config{
		Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0",
		Jira: jira.Config{
			Projects: []jira.Project{{ID: "10000", Key: "PAY", Name: "Payments"}},
			Webhook:  jira.Webhook{URL: "http://" + s.api + "/v1/webhooks/jira", Secret: jiraSecret},
		},
		Phone:    phone.Config{HookSecret: hookSecret},
		Twilio:   twilio.Config{ReplyURL: "http://" + s.api + "/v1/webhooks/twilio/sms"},
		Deployer: deployer.Config{Token: deployToken, Services: s.services},
	})
	require.NoError(t, err)
	outside.Start(context.WithoutCancel(t.Context()))
	s.world = &scene.World{Sandbox: outside, API: "http://" + s.api, Patience: patience, Say: t.Logf}
	t.Cleanup(func() {
		s.end(t)
		require.NoError(t, outside.Close())
	})
	return s
}

// end ends every process that is left, and shows what they said when the test
// failed.
func (s *stack) end(t *testing.T) {
	t.Helper()
	for _, v := range s.victims {
		require.NoError(t, v.Kill())
	}
	require.NoError(t, s.log.Close())
	if keep := os.Getenv("TOCSIN_KILL_LOGS"); keep != "" && t.Failed() {
		text, err := os.ReadFile(s.log.Name())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(keep, filepath.Base(t.Name())+".log"), text, 0o600))
	}
}

// env configures a process.
func (s *stack) env(more ...string) []string {
	box := s.world.Sandbox
	return append([]string{
		"TEMPORAL_ADDRESS=" + s.engine, "TOCSIN_DATABASE=" + s.database, "TOCSIN_LISTEN=" + s.api,
		"TOCSIN_PUBLIC_URL=http://" + s.api, "TOCSIN_LINK_KEY=" + linkKey,
		"TOCSIN_SMTP_ADDR=" + box.SMTPAddr(), "TOCSIN_SMTP_TLS=none", "TOCSIN_SMTP_FROM=Tocsin <tocsin@example.org>",
		"TOCSIN_NTFY_URL=" + box.URL() + "/phone", "TOCSIN_WEBHOOK_SECRET=" + hookSecret,
		"TOCSIN_PUSHOVER_URL=" + box.URL() + "/pushover", "TOCSIN_PUSHOVER_TOKEN=" + pushover.DefaultToken,
		"TOCSIN_TWILIO_URL=" + box.URL() + "/twilio", "TOCSIN_TWILIO_ACCOUNT_SID=" + twilio.DefaultAccountSID,
		"TOCSIN_TWILIO_AUTH_TOKEN=" + twilio.DefaultAuthToken, "TOCSIN_TWILIO_FROM=" + twilio.DefaultNumber,
		"TOCSIN_TWILIO_REPLIES=true",
		"TOCSIN_JIRA_URL=" + box.URL() + "/jira", "TOCSIN_JIRA_EMAIL=" + jira.DefaultEmail, "TOCSIN_JIRA_TOKEN=" + jira.DefaultToken,
		"TOCSIN_JIRA_WEBHOOK_SECRET=" + jiraSecret,
		"TOCSIN_DEPLOYER_URL=" + box.URL() + "/deploy", "TOCSIN_DEPLOYER_TOKEN=" + deployToken,
		"TOCSIN_PROMETHEUS_URL=" + box.URL() + "/prometheus",
	}, more...)
}

// add starts a process and keeps it as a victim.
func (s *stack) add(t *testing.T, p *process) {
	t.Helper()
	p.log = s.log
	s.victims[p.name] = p
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, p.Restart(ctx))
}

// addTemporal starts a Temporal that keeps its data.
func (s *stack) addTemporal(t *testing.T) {
	t.Helper()
	s.add(t, &process{name: "temporal", path: os.Args[0], env: s.temporal(serveTemporal)})
}

// temporal configures a process that is Temporal, or has one inside.
func (s *stack) temporal(what string) []string {
	return []string{
		envServe + "=" + what, envEngine + "=" + s.engine, envFile + "=" + filepath.Join(s.dir, "temporal.db"),
		envRun + "=" + strconv.Itoa(s.longRun),
	}
}

// addPostgres starts a PostgreSQL of our own, or skips the test loudly.
func (s *stack) addPostgres(t *testing.T) {
	t.Helper()
	cluster, err := postgres.StartOwn(t.Context())
	if errors.Is(err, postgres.ErrNoBinaries) && os.Getenv("TOCSIN_TEST_REQUIRE") != "all" {
		t.Skip("NOTHING IS KILLED on PostgreSQL:", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, cluster.Stop()) })
	s.database, err = cluster.CreateDatabase(t.Context())
	require.NoError(t, err)
	s.victims["postgres"] = cluster
}

// prepare migrates as an operator does, and fills the database.
func (s *stack) prepare(t *testing.T) {
	t.Helper()
	db, err := store.Open(t.Context(), s.database)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Migrate(t.Context()))
	c := s.catalog(t)
	_, err = db.SaveCatalog(t.Context(), c, 0, "kill")
	require.NoError(t, err)
	s.world.Tokens, err = devstack.MakeTokens(t.Context(), db, c, "")
	require.NoError(t, err)
}

func (s *stack) catalog(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := devstack.ExampleCatalog(s.world.Sandbox.URL())
	require.NoError(t, err)
	s.declare(c)
	return c
}

// forScenes makes a catalog that of the scenes.
func (s *stack) forScenes(c *catalog.Catalog) {
	scene.Cast(c)
	scene.Steady(c)
	scene.Multiply(c, s.services)
}

// allInOne is everything in one process, on SQLite.
func allInOne(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.startInOne(t)
	return s
}

func (s *stack) startInOne(t *testing.T) {
	t.Helper()
	s.database = "sqlite:" + filepath.Join(s.dir, "tocsin.db")
	s.prepare(t)
	s.add(t, &process{name: "all-in-one", path: os.Args[0], env: s.env(
		s.temporal(serveAll)...,
	)})
}

// inParts is Tocsin as in production: Temporal, PostgreSQL, API and worker
// apart.
func inParts(t *testing.T) *stack {
	t.Helper()
	s := newStack(t)
	s.startInParts(t)
	return s
}

func (s *stack) startInParts(t *testing.T) {
	t.Helper()
	s.startGround(t)
	s.addTocsin(t, "worker")
	s.addTocsin(t, "api")
}

// startGround starts and fills what the parts of Tocsin stand on.
func (s *stack) startGround(t *testing.T) {
	t.Helper()
	s.addPostgres(t)
	s.addTemporal(t)
	s.prepare(t)
	s.migrate(t)
}

// addTocsin starts the program with a command, after which the victim is
// called.
func (s *stack) addTocsin(t *testing.T, command string, env ...string) {
	t.Helper()
	args := strings.Fields(command)
	s.add(t, &process{name: args[0], path: tocsin, args: args, env: s.env(env...)})
}

// migrate registers the search attributes with Temporal.
func (s *stack) migrate(t *testing.T) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tocsin, "migrate")
	cmd.Env = append(os.Environ(), s.env()...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// freeAddr returns an address of the loopback interface that is free now. It
// lies below the ports that systems give to connections which are made: one of
// those would take it while what is killed is away.
func freeAddr(t *testing.T) string {
	t.Helper()
	const lowest, ephemeral = 12_000, 32_768
	for {
		addr := fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(ephemeral-lowest))
		if l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", addr); err == nil {
			require.NoError(t, l.Close())
			return addr
		}
	}
}
