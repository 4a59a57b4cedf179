package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// What the program wires in fits what the API asks for.
var (
	_ api.Store  = (*store.Store)(nil)
	_ api.Intake = (*intake.Intake)(nil)
)

// night is the time at which the tests take place, unless they move it.
var night = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

var errDown = incident.Errorf(incident.Unavailable, "reach the database at db-7.internal: connection refused")

// world is the API over a real socket, with stand-ins behind it.
type world struct {
	t        *testing.T
	url      string
	client   *http.Client
	store    *apitest.Store
	commands *apitest.Commands
	intake   *apitest.Intake
	tickets  *apitest.Tickets
	failures *apitest.Failures
	links    acklink.Signer
	log      *syncBuffer
	clock    *clock
	contract routers.Router
	// config is what the API was made of, with a registry that is free.
	config api.Config
	// Tokens by owner.
	tokens map[string]string
}

// contract reads the document once for all tests.
var contract = sync.OnceValues(func() (*openapi3.T, error) {
	return openapi3.NewLoader().LoadFromData(api.Document())
})

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func example(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(os.DirFS("../deployments/catalog"))
	require.NoError(t, err)
	return c
}

// newWorld starts an API; change edits its configuration first.
func newWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	w := &world{
		t: t, commands: &apitest.Commands{}, intake: &apitest.Intake{}, tickets: &apitest.Tickets{}, failures: &apitest.Failures{}, log: &syncBuffer{},
		store: apitest.NewStore(example(t)), clock: &clock{now: night}, tokens: map[string]string{},
		links: acklink.Signer{Key: bytes.Repeat([]byte("k"), acklink.MinKey)},
	}
	w.commands.Answer(incident.Outcome{Phase: incident.Triaging, Holder: "alice", Revision: 3, Text: "done"}, nil)
	config := api.Config{
		Store: w.store, Commands: w.commands, Catalogs: apitest.Catalogs{Store: w.store}, Intake: w.intake,
		Duty: storetest.Open(t, storetest.SQLite(t)), PublicURL: "https://tocsin.example.org",
		Pager: apitest.Pager{}, Tickets: w.tickets, ReadHint: apitest.ReadHint, Texts: apitest.Texts{}, Failures: w.failures,
		Links:    w.links,
		Runbooks: runbooks,
		Metrics:  prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: w.clock.Now,
		Poll: 5 * time.Millisecond, Lag: 20 * time.Millisecond,
	}
	config.Evidence = config.Duty.(*store.Store)
	for _, f := range change {
		f(&config)
	}
	handler, err := api.New(config)
	require.NoError(t, err)
	w.config = config
	w.config.Metrics = prometheus.NewRegistry()
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewHTTPServer(handler)
	server.Start()
	t.Cleanup(server.Close)
	w.url, w.client = server.URL, server.Client()
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	doc, err := contract()
	require.NoError(t, err)
	w.contract, err = gorillamux.NewRouter(doc)
	require.NoError(t, err)
	w.grant("person", "alice", api.ScopeRead, api.ScopeRespond)
	w.grant("person", "grace", api.ScopeAdmin)
	w.grant("machine", "alertmanager", api.ScopeAlerts, api.ScopeRead, api.ScopeRespond)
	w.store.Put(sample("INC-1"), entries(1, 3)...)
	return w
}

// grant makes a token for somebody.
func (w *world) grant(kind, owner string, scopes ...string) {
	w.t.Helper()
	w.tokens[owner] = api.MintToken()
	require.NoError(w.t, w.store.CreateToken(context.Background(), store.Token{
		ID: "token-of-" + owner, Hash: api.HashToken(w.tokens[owner]), Kind: kind, Owner: owner, Scopes: scopes, Created: night,
	}))
}

// sample is an open incident of the service checkout.
func sample(number string) *incident.Incident {
	return &incident.Incident{
		Number: number, Title: "Checkout fails", Phase: incident.Triggered, Service: "checkout", Team: "storefront",
		Origin: "alertmanager", Urgency: catalog.Urgent, Severity: catalog.SEV2, Provisional: true, Revision: 1,
		Clocks: incident.Clocks{Stamps: map[incident.Clock]time.Time{incident.TriggeredAt: night.Add(-time.Minute)}},
		Counts: incident.Counts{Alerts: 1, Firing: 1}, Roles: map[incident.Role]string{incident.Commander: "bob"},
		Policy: catalog.Policy{Service: "checkout", ServiceName: "Checkout", Team: "storefront"},
		FollowUps: []incident.FollowUp{
			{ID: "1", Title: "Alert on the queue", Owner: "alice", Priority: catalog.High, State: incident.FollowUpOpen, Due: night.Add(-time.Hour), Added: night, By: "bob"},
			{ID: "2", Title: "Tidy up", Owner: "bob", Priority: catalog.Low, State: incident.FollowUpDone, Due: night.Add(time.Hour), Added: night, By: "bob"},
		},
	}
}

// entries makes the lines from..to of a timeline.
func entries(from, to int) []incident.Entry {
	var out []incident.Entry
	for n := from; n <= to; n++ {
		kind := "note"
		if n == 1 {
			kind = "opened"
		}
		out = append(out, incident.Entry{
			Sequence: n, Kind: kind, Occurred: night, Recorded: night, Actor: incident.Person("bob"), Text: "line " + string(rune('0'+n%10)),
		})
	}
	return out
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

var errBoom = errors.New("boom: password=hunter2")

// runbooks are one that comes with Tocsin, and one of another repository.
func runbooks() []spec.Served {
	target := []spec.Param{{Name: "target", About: "the target", Type: spec.Name}}
	return []spec.Served{
		{Spec: spec.Spec{
			Name: "rollback", About: "Rolls back.", Fits: "After a deploy.", Target: "deploy/{target}", Approval: &spec.Approval{People: 1}, Params: target,
		}, Queue: "runbooks"},
		{Spec: spec.Spec{Name: "drain-cell", About: "Drains a cell.", Fits: "A cell is sick.", Target: "cell/{target}", Params: target}, Queue: "acme-runbooks", Heard: night},
	}
}
