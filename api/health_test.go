package api_test

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api"
	"github.com/tocsinhq/tocsin/api/apitest"
	"github.com/tocsinhq/tocsin/api/intake"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/incident/acklink"
)

func TestReadiness(t *testing.T) {
	fine := func(context.Context) error { return nil }
	away := func(context.Context) error { return errDown }
	for name, tc := range map[string]struct {
		checks []api.Check
		status int
		says   string
	}{
		"nothing to ask": {nil, 200, "ok"},
		"all there":      {[]api.Check{{Name: "temporal", Required: true, Probe: fine}}, 200, "ok"},
		"database away":  {[]api.Check{{Name: "temporal", Required: true, Probe: fine}, {Name: "database", Probe: away}}, 200, "degraded"},
		"temporal away":  {[]api.Check{{Name: "temporal", Required: true, Probe: away}, {Name: "database", Probe: away}}, 503, "unready"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *api.Config) { c.Checks = tc.checks })
			var out struct{ Status string }
			got := w.do("", "GET", "/readyz", "").want(tc.status, &out)
			require.Equal(t, tc.says, out.Status)
			require.NotContains(t, string(got.body), "db-7.internal", "health is open and names no host")
		})
	}
	newWorld(t).do("", "GET", "/healthz", "").want(200)
}

func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.grant("machine", "monitoring-scripts", api.ScopeMetrics)
	w.do("alice", "GET", "/v1/incidents/INC-1", "").want(200)
	w.do("alice", "GET", "/v1/incidents/INC-42", "").want(404)
	got := w.do("monitoring-scripts", "GET", "/metrics", "").want(200)
	require.Contains(t, string(got.body), `tocsin_api_request_seconds_count{operation="getIncident",status="200"} 1`)
	require.Contains(t, string(got.body), `tocsin_api_request_seconds_count{operation="getIncident",status="404"} 1`)
	require.NotContains(t, string(got.body), "INC-")
	w.do("alice", "GET", "/metrics", "").problem(403, "forbidden")
}

func TestJiraWebhook(t *testing.T) {
	w := newWorld(t)
	signed := header("X-Hub-Signature", apitest.Signature)
	const moved = `{"id":"10042","key":"PAY-42"}`
	w.do("", "POST", "/v1/webhooks/jira", moved, signed).want(202)
	require.Equal(t, []incident.TicketRef{{ID: "10042", Key: "PAY-42"}}, w.tickets.Heard())

	w.do("", "POST", "/v1/webhooks/jira?user_id=x&user_key=y", `{}`, signed).want(202) // JIRA adds who
	w.do("", "POST", "/v1/webhooks/jira", `{}`, signed, header("Content-Type", "text/plain")).want(202)
	w.do("", "POST", "/v1/webhooks/jira", `{`, signed).problem(400, "invalid")
	w.do("", "POST", "/v1/webhooks/jira", moved).problem(401, "unauthenticated")
	bare := header("X-Hub-Signature", strings.TrimPrefix(apitest.Signature, "sha256="))
	w.do("", "POST", "/v1/webhooks/jira", moved, bare).problem(401, "unauthenticated")
	require.Len(t, w.tickets.Heard(), 1, "what cannot be trusted is not passed on")
	none := newWorld(t, func(c *api.Config) { c.ReadHint = nil })
	none.do("", "POST", "/v1/webhooks/jira", moved, signed).problem(404, "not-found")
}

type panicking struct{}

func (panicking) Take(context.Context, alerts.Delivery) (intake.Receipt, error) { panic("secret-7") }

func (panicking) Declare(context.Context, intake.Declaration) (intake.Placed, error) {
	panic("secret-7")
}

func TestPanicsAreAnswered(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Intake = panicking{} })
	got := w.do("alertmanager", "POST", "/v1/alerts/generic", `{"status":"firing","labels":{"a":"b"}}`)
	p := got.problem(500, "internal")
	require.NotContains(t, string(got.body), "secret-7")
	require.Contains(t, w.log.String(), p.RequestID)
	w.do("", "GET", "/healthz", "").want(200)
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	_, err := api.New(api.Config{})
	require.ErrorContains(t, err, "is missing")
	w := newWorld(t)
	bad := w.config
	bad.Metrics, bad.Links = prometheus.NewRegistry(), acklink.Signer{Key: []byte("short")}
	_, err = api.New(bad)
	require.ErrorContains(t, err, "at least 32")
	_, err = api.New(w.config)
	require.NoError(t, err)
	twice := w.config
	twice.Metrics = prometheus.NewRegistry()
	_, err = api.New(twice)
	require.NoError(t, err)
	_, err = api.New(twice)
	require.ErrorContains(t, err, "metrics")
}
