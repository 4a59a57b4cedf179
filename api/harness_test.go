package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
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
		Runbooks: []api.Runbook{{Name: "rollback", About: "Rolls back.", Fits: "After a deploy.", Params: []string{"target"}}},
		Metrics:  prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: w.clock.Now,
		Poll: 5 * time.Millisecond,
	}
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

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// problem is the body of an error.
type problem struct {
	Type, Title, Detail, Field string
	Status                     int
	Missing                    []string
	RequestID                  string `json:"request_id"`
}

type option func(*http.Request)

func header(name, value string) option { return func(r *http.Request) { r.Header.Set(name, value) } }

// do sends a request as somebody and holds the answer against the contract.
func (w *world) do(as, method, path, body string, options ...option) answer {
	w.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, reader)
	require.NoError(w.t, err)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if as != "" {
		r.Header.Set("Authorization", "Bearer "+w.tokens[as])
	}
	for _, o := range options {
		o(r)
	}
	response, err := w.client.Do(r)
	require.NoError(w.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(w.t, err)
	w.validate(r, response, data)
	return answer{w.t, response.StatusCode, response.Header, data}
}

// validate holds a response against the contract; what the contract does not
// know must be a problem all the same.
func (w *world) validate(r *http.Request, response *http.Response, body []byte) {
	w.t.Helper()
	require.NotEmpty(w.t, response.Header.Get("X-Request-Id"))
	asked := r.Clone(context.Background())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", ""
	route, params, err := w.contract.FindRoute(asked)
	if err != nil {
		require.Contains(w.t, []int{404, 405}, response.StatusCode, "%s %s is not in the contract", r.Method, r.URL)
		if !strings.HasPrefix(r.URL.Path, "/ack/") { // where a person reads, it is a page
			require.Equal(w.t, "application/problem+json", response.Header.Get("Content-Type"))
		}
		return
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route},
		Status:                 response.StatusCode, Header: response.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if strings.HasPrefix(response.Header.Get("Content-Type"), "text/") {
		input.Options.ExcludeResponseBody = true
		documented := route.Operation.Responses.Status(response.StatusCode)
		if documented == nil {
			documented = route.Operation.Responses.Default()
		}
		kind, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
		require.NotNil(w.t, documented.Value.Content[kind], "%s %s answers %s", r.Method, r.URL.Path, kind)
	}
	err = openapi3filter.ValidateResponse(context.Background(), input)
	require.NoError(w.t, err, "%s %s: %d %s", r.Method, r.URL.Path, response.StatusCode, body)
}

// want checks the status and reads the body.
func (a answer) want(status int, into ...any) answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, "%s", a.body)
	for _, v := range into {
		require.NoError(a.t, json.Unmarshal(a.body, v))
	}
	return a
}

// problem checks that the answer is a problem of a kind.
func (a answer) problem(status int, kind string) problem {
	a.t.Helper()
	var p problem
	a.want(status, &p)
	require.Equal(a.t, api.ProblemType+kind, p.Type)
	require.Equal(a.t, status, p.Status)
	require.Equal(a.t, a.header.Get("X-Request-Id"), p.RequestID)
	return p
}

var errBoom = errors.New("boom: password=hunter2")
