package cli_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/cmd/tocsin/cli"
	"github.com/tocsinhq/tocsin/deployments"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
	"github.com/tocsinhq/tocsin/runbook/spec"
	"github.com/tocsinhq/tocsin/store"
	"github.com/tocsinhq/tocsin/store/storetest"
)

// night is the time at which the server lives.
var night = time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)

// world is the real API over a real socket, with stand-ins behind it.
type world struct {
	t        *testing.T
	url      string
	store    *apitest.Store
	commands *apitest.Commands
	intake   *apitest.Intake
}

// newWorld starts an API, and lets alice speak to it; change edits its
// configuration first.
func newWorld(t *testing.T, change ...func(*api.Config)) *world {
	t.Helper()
	c, err := catalog.Load(deployments.ExampleCatalog())
	require.NoError(t, err)
	w := &world{t: t, store: apitest.NewStore(c), commands: &apitest.Commands{}, intake: &apitest.Intake{}}
	w.commands.Answer(incident.Outcome{Phase: incident.Triaging, Severity: catalog.SEV2, Holder: "alice", Revision: 3, Text: "done"}, nil)
	config := api.Config{
		Store: w.store, Commands: w.commands, Catalogs: apitest.Catalogs{Store: w.store}, Intake: w.intake, Pager: apitest.Pager{},
		Duty: storetest.Open(t, storetest.SQLite(t)), PublicURL: "https://tocsin.example.org",
		Links:    acklink.Signer{Key: bytes.Repeat([]byte("k"), acklink.MinKey)},
		Runbooks: runbooks,
		Metrics:  prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return night },
		Poll: 5 * time.Millisecond,
	}
	config.Evidence = config.Duty.(*store.Store)
	for _, f := range change {
		f(&config)
	}
	handler, err := api.New(config)
	require.NoError(t, err)
	server := httptest.NewUnstartedServer(nil)
	server.Config = api.NewHTTPServer(handler)
	server.Start()
	t.Cleanup(server.Close)
	w.url = server.URL
	clearEnvironment(t)
	t.Setenv("TOCSIN_URL", server.URL)
	t.Setenv("TOCSIN_TOKEN", w.grant("person", "alice", api.ScopeRead, api.ScopeRespond))
	w.store.Put(sample("INC-1"), entries()...)
	return w
}

// clearEnvironment forgets what the machine of the tests is set up with.
func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"TOCSIN_URL", "TOCSIN_TOKEN", "TOCSIN_TOKEN_FILE", "TOCSIN_ZONE", "TOCSIN_DATABASE", "TOCSIN_DATABASE_FILE",
	} {
		t.Setenv(name, "")
	}
}

// grant makes a token for somebody.
func (w *world) grant(kind, owner string, scopes ...string) string {
	w.t.Helper()
	token := api.MintToken()
	require.NoError(w.t, w.store.CreateToken(w.t.Context(), store.Token{
		ID: "token-of-" + owner, Hash: api.HashToken(token), Kind: kind, Owner: owner, Scopes: scopes, Created: night, LastUsed: night,
	}))
	return token
}

// admin speaks as an administrator from now on.
func (w *world) admin() *world {
	w.t.Helper()
	w.t.Setenv("TOCSIN_TOKEN", w.grant("person", "heidi", api.ScopeAdmin))
	return w
}

// sample is an incident of the service checkout that has seen a lot.
func sample(number string) *incident.Incident {
	return &incident.Incident{
		Number: number, Title: "Checkout fails", Phase: incident.Mitigating, Service: "checkout", Team: "storefront",
		Origin: "alertmanager", Urgency: catalog.Urgent, Severity: catalog.SEV2, Provisional: true, Revision: 1, Holder: "alice",
		Clocks: incident.Clocks{
			Stamps:    map[incident.Clock]time.Time{incident.TriggeredAt: night.Add(-time.Minute), incident.FirstAck: night},
			Corrected: []incident.Correction{{Clock: incident.TriggeredAt, Reason: "r", By: "bob", At: night}},
		},
		Counts: incident.Counts{Alerts: 2, Firing: 1}, Roles: map[incident.Role]string{incident.Commander: "bob"},
		Policy: catalog.Policy{Service: "checkout", ServiceName: "Checkout", Team: "storefront"},
		Impact: incident.Impact{Scope: catalog.External, Users: "about 2000", Cannot: "pay"}, What: "card payments fail",
		Alerts: []incident.AlertState{{Fact: alerts.Fact{Fingerprint: "f", Status: alerts.Firing, StartsAt: night.Add(-time.Minute)}, Name: "CheckoutErrors", Summary: "12% of\ncheckouts \x1b[31mfail"}},
		Questions: []incident.Question{
			{ID: "q-1", Run: "INC-1/runbook/rollback/1", Approval: true, Text: "Roll back?", People: 2, Approved: []string{"bob"}, Calls: []string{"roll back: checkout to r41; nothing undoes it"}, Covers: "c0ffee", Choices: []string{"approve", "refuse"}, Asked: night, Until: night.Add(time.Hour)},
			{ID: "q-0", Run: "INC-1/runbook/rollback/1", Text: "Answered?", Choices: []string{"yes"}, Asked: night, Until: night, Answered: night, Answer: "yes"},
		},
		Runs:     []incident.Run{{ID: "INC-1/runbook/rollback/1", Name: "rollback", By: "alice", Started: night, State: incident.RunRunning, DryRun: true}},
		Runbooks: []incident.RunbookOffered{{Name: "rollback", About: "Rolls back.", Params: map[string]string{"target": "checkout", "env": "live"}}},
		Links:    []catalog.Link{{Title: "Errors", URL: "https://grafana.example.org/d/7"}},
		FollowUps: []incident.FollowUp{
			{ID: "1", Title: "Alert on the queue", Owner: "alice", Priority: catalog.High, State: incident.FollowUpOpen, Due: night.Add(-time.Hour), Added: night, By: "bob", Ticket: incident.TicketRef{ID: "7", Key: "PAY-7"}},
			{ID: "2", Title: "Tidy up", Owner: "bob", Priority: catalog.Low, State: incident.FollowUpDone, Due: night.Add(time.Hour), Added: night, By: "bob"},
		},
	}
}

func entries() []incident.Entry {
	at := func(n int, kind, text string, who incident.Actor, role incident.Role) incident.Entry {
		when := night.Add(time.Duration(n) * time.Minute)
		return incident.Entry{Sequence: n, Kind: kind, Occurred: when, Recorded: when, Actor: who, Role: role, Text: text}
	}
	redacted := at(4, "note", "", incident.Person("bob"), incident.Responder)
	redacted.Redacted = true
	return []incident.Entry{
		at(1, "opened", "Opened by an alert.", incident.Self(), ""),
		at(2, "acknowledged", "alice takes it.", incident.Person("alice"), incident.Holder),
		at(3, "note", "Two lines\nhere", incident.Machine("ci"), ""),
		redacted,
	}
}

// putPages records pages of INC-1, of which one failed.
func (w *world) putPages() {
	key := "INC-1/page/1"
	w.store.PutPage(store.Page{
		Incident: "INC-1",
		Page:     incident.Page{Key: key, Person: "alice", Contact: "phone", Kind: "push", Reason: "on call", Due: night, State: incident.PageSent, Sent: night.Add(time.Second)},
	}, activities.Attempt{Incident: "INC-1", Key: key, At: night})
}

// result is what a run of the program left behind.
type result struct {
	t    *testing.T
	code int
	out  string
	err  string
}

// program is the command line as main puts it together.
func program(in io.Reader, out, err io.Writer) *cobra.Command {
	root := &cobra.Command{Use: "tocsin", Short: "Incident response", Example: "  tocsin incident list"}
	root.PersistentFlags().String("config", "", "YAML file")
	root.AddCommand(cli.Commands()...)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(err)
	return root
}

// tocsin runs the program.
func tocsin(t *testing.T, args ...string) result { return tocsinWith(t, "", args...) }

// tocsinWith runs the program with an input.
func tocsinWith(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	root := program(strings.NewReader(in), &out, &errs)
	root.SetArgs(args)
	code := cli.Execute(context.WithoutCancel(t.Context()), root)
	return result{t, code, out.String(), errs.String()}
}

// ok checks that a run succeeded and returns what it printed.
func (r result) ok() string {
	r.t.Helper()
	require.Zero(r.t, r.code, "%s%s", r.out, r.err)
	return r.out
}

// fails checks the code, and that the error is this one line.
func (r result) fails(code int, line string) {
	r.t.Helper()
	require.Equal(r.t, "tocsin: "+line+"\n", r.err)
	require.Equal(r.t, code, r.code)
}

// golden holds an output against the recorded one. TOCSIN_GOLDEN=write
// records it anew.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if os.Getenv("TOCSIN_GOLDEN") == "write" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// output collects what a running command prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// runbooks are two that come with Tocsin, and one of another repository.
func runbooks() []spec.Served {
	target := []spec.Param{{Name: "target", About: "the target", Type: spec.Name}}
	return []spec.Served{
		{Spec: spec.Spec{
			Name: "rollback", About: "Rolls back.", Fits: "After a deploy.", Target: "deploy/{target}", Approval: &spec.Approval{People: 1}, Params: target,
		}, Queue: "runbooks"},
		{Spec: spec.Spec{Name: "deploy-status", About: "Says what runs.", Fits: "Always.", Params: target}, Queue: "runbooks"},
		{Spec: spec.Spec{Name: "drain-cell", About: "Drains a cell.", Fits: "A cell is sick.", Target: "cell/{target}", Params: []spec.Param{
			{Name: "target", About: "the cell", Type: spec.Name, From: spec.FromLabel + "cell"},
			{Name: "share", About: "how much of it", Type: spec.Integer, Default: "100", From: spec.FromService, Min: new(1.0), Max: new(100.0)},
			{Name: "why", About: "the reason", Type: spec.Text, Optional: true, Match: "[a-z ]*"},
			{Name: "how", About: "the speed", Type: spec.Text, OneOf: []string{"fast", "slow"}},
		}}, Queue: "acme-runbooks", Heard: night},
	}
}
