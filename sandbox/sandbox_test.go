package sandbox_test

import (
	"context"
	"net"
	"net/http"
	"net/smtp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox"
	"github.com/tocsinhq/tocsin/sandbox/deployer"
	"github.com/tocsinhq/tocsin/sandbox/inbox"
	"github.com/tocsinhq/tocsin/sandbox/internal/wiretest"
	"github.com/tocsinhq/tocsin/sandbox/jira"
)

func start(t *testing.T, config sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	config.Addr, config.SMTPAddr = "127.0.0.1:0", "127.0.0.1:0"
	s, err := sandbox.New(config)
	require.NoError(t, err)
	s.Start(t.Context())
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func call(t *testing.T, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	return wiretest.Call(t, method, url, body, wiretest.Headers(headers...))
}

func TestTheIndexLeadsEverywhere(t *testing.T) {
	s := start(t, sandbox.Config{})
	status, body := call(t, http.MethodGet, s.URL()+"/", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, s.SMTPAddr())
	for _, path := range []string{
		"/jira/", "/inbox/", "/phone/", "/twilio/", "/pushover/", "/deploy/", "/metrics-page", "/heartbeat/",
	} {
		require.Contains(t, body, `href="`+path+`"`)
		status, page := call(t, http.MethodGet, s.URL()+path, "")
		require.Equal(t, http.StatusOK, status, path)
		require.Contains(t, page, "<style>")
	}
	status, _ = call(t, http.MethodGet, s.URL()+"/nowhere", "")
	require.Equal(t, http.StatusNotFound, status)
}

func TestABadDeploymentRaisesTheErrorRatio(t *testing.T) {
	s := start(t, sandbox.Config{})
	_, before := call(t, http.MethodGet, s.URL()+"/metrics", "")
	require.Contains(t, before, `shop_http_error_ratio{service="payments"} 0.002`)
	status, _ := call(t, http.MethodPost, s.URL()+"/deploy/services/payments/deploy", `{"bad":true}`)
	require.Equal(t, http.StatusCreated, status)
	_, during := call(t, http.MethodGet, s.URL()+"/metrics", "")
	require.Contains(t, during, `shop_http_error_ratio{service="payments"} 0.31`)

	status, body := call(t, http.MethodPost, s.URL()+"/deploy/services/payments/rollback",
		`{"to_revision":"r42","expected_revision":"r43","idempotency_key":"k","reason":"INC-1"}`)
	require.Equal(t, http.StatusOK, status, body)
	_, after := call(t, http.MethodGet, s.URL()+"/metrics", "")
	require.Contains(t, after, `shop_http_error_ratio{service="payments"} 0.002`)
}

func TestAnotherSiteCannotPressButtons(t *testing.T) {
	s := start(t, sandbox.Config{})
	status, _ := call(t, http.MethodPost, s.URL()+"/deploy/press/payments", "bad=1",
		"Content-Type", "application/x-www-form-urlencoded", "Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, status)
}

func TestEverythingSurvivesARestart(t *testing.T) {
	config := sandbox.Config{Dir: t.TempDir(), Deployer: deployer.Config{Services: []string{"payments"}}}
	s := start(t, config)
	require.NoError(t, smtp.SendMail(s.SMTPAddr(), nil, "a@example.com", []string{"b@example.com"}, []byte("Subject: kept\r\n\r\nx\r\n")))
	_, _ = call(t, http.MethodPost, s.URL()+"/phone/ana", "kept")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/jira/rest/api/2/issue",
		strings.NewReader(`{"fields":{"project":{"key":"OPS"},"issuetype":{"name":"Task"},"summary":"kept"}}`))
	require.NoError(t, err)
	req.SetBasicAuth(jira.DefaultEmail, jira.DefaultToken)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusCreated, resp.StatusCode)
	_, err = s.Deployer.Deploy("payments", deployer.Deployment{Version: "9.9.9"})
	require.NoError(t, err)
	require.NoError(t, s.Close())

	again := start(t, config)
	require.Len(t, again.Inbox.Messages(inbox.Query{Subject: "kept"}), 1)
	require.Len(t, again.Phone.Pages("ana"), 1)
	require.Len(t, again.Jira.Issues(), 1)
	service, ok := again.Deployer.Service("payments")
	require.True(t, ok)
	require.Equal(t, "9.9.9", service.Current().Version)
	require.Len(t, service.Deployments, 3)
}

func TestTheContextEndsIt(t *testing.T) {
	s, err := sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0"})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	s.Start(ctx)
	hold, err := s.Phone.Faults.Hold("push")
	require.NoError(t, err)
	answered := make(chan error, 1)
	go func() {
		resp, err := http.Post(s.URL()+"/phone/ana", "text/plain", strings.NewReader("x"))
		if err == nil {
			err = resp.Body.Close()
		}
		answered <- err
	}()
	<-hold.Entered()
	cancel()
	require.NoError(t, s.Close(), "a held request does not keep the sandbox open")
	require.NoError(t, <-answered)
	_, err = net.Dial("tcp", s.SMTPAddr())
	require.Error(t, err)
}

func TestClosingAtOnceEnds(t *testing.T) {
	for range 50 {
		s, err := sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0"})
		require.NoError(t, err)
		s.Start(t.Context())
		require.NoError(t, s.Close())
	}
}

func TestATakenAddressIsSaidToBeTaken(t *testing.T) {
	s := start(t, sandbox.Config{})
	_, err := sandbox.New(sandbox.Config{Addr: strings.TrimPrefix(s.URL(), "http://"), SMTPAddr: "127.0.0.1:0"})
	require.ErrorContains(t, err, "choose another address")
	_, err = sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: s.SMTPAddr()})
	require.ErrorContains(t, err, "choose another address")
	_, err = sandbox.New(sandbox.Config{Addr: "127.0.0.1:0", SMTPAddr: "127.0.0.1:0", Dir: "/dev/null/nowhere"})
	require.ErrorContains(t, err, "set JIRA up")
}
