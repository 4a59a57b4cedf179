package jira_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/jira"
	sandbox "github.com/tocsinhq/tocsin/sandbox/jira"
)

const webhookSecret = "a-webhook-secret"

func TestWebhookFromTheSite(t *testing.T) {
	type parsed struct {
		hint jira.Hint
		err  error
	}
	arrived := make(chan parsed, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hint, err := jira.ParseWebhook(webhookSecret, r.Header, body)
		arrived <- parsed{hint, err}
	}))
	defer receiver.Close()
	s := newSite(t, sandbox.Config{Webhook: sandbox.Webhook{URL: receiver.URL, Secret: webhookSecret, Duplicate: true}})
	ref := ensured(t, s.tracker(t, nil))
	require.NoError(t, s.Transition(ref.Key, "bob@example.com", "Done", "Done"))
	var hints []jira.Hint
	for range 2 {
		select {
		case p := <-arrived:
			require.NoError(t, p.err)
			hints = append(hints, p.hint)
		case <-time.After(5 * time.Second):
			require.Fail(t, "no webhook arrived")
		}
	}
	require.Equal(t, hints[0], hints[1], "both deliveries of one event share their identifier")
	require.Equal(t, ref, hints[0].Ref)
	require.Equal(t, "jira:issue_updated", hints[0].Event)
	require.NotEmpty(t, hints[0].Identifier)
}

func TestOnlyWhatMayChangeWhetherItIsDoneMatters(t *testing.T) {
	for body, matters := range map[string]bool{
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"status"}]}}`:                             true,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"description"},{"field":"resolution"}]}}`: true,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"Key"},{"field":"project"}]}}`:            true,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"},"changelog":{"items":[{"field":"description"}]}}`:                        false,
		`{"webhookEvent":"jira:issue_updated","issue":{"id":"1"}}`:                                                                        true,
		`{"webhookEvent":"jira:issue_deleted","issue":{"id":"1"}}`:                                                                        true,
		`{"webhookEvent":"comment_created","issue":{"id":"1"}}`:                                                                           false,
	} {
		header := http.Header{"X-Hub-Signature": {sandbox.Signature(webhookSecret, []byte(body))}}
		hint, err := jira.ParseWebhook(webhookSecret, header, []byte(body))
		require.NoError(t, err)
		require.Equal(t, matters, hint.Matters, body)
	}
}

func TestWebhooksThatAreRefused(t *testing.T) {
	event := `{"webhookEvent":"jira:issue_updated","issue":{"id":"10001","key":"OPS-1"}}`
	tests := map[string]struct {
		secret, signature, body string
		kind                    incident.Kind
	}{
		"no secret":           {"", sandbox.Signature("", []byte(event)), event, incident.Unauthenticated},
		"no signature":        {webhookSecret, "", event, incident.Unauthenticated},
		"another secret":      {webhookSecret, sandbox.Signature("other", []byte(event)), event, incident.Unauthenticated},
		"another body":        {webhookSecret, sandbox.Signature(webhookSecret, []byte("{}")), event, incident.Unauthenticated},
		"another method":      {webhookSecret, "sha1=00", event, incident.Unauthenticated},
		"a bare sum":          {webhookSecret, sandbox.Signature(webhookSecret, []byte(event))[7:], event, incident.Unauthenticated},
		"no event":            {webhookSecret, sandbox.Signature(webhookSecret, []byte(`{}`)), `{}`, incident.Invalid},
		"no JSON":             {webhookSecret, sandbox.Signature(webhookSecret, []byte(`x`)), `x`, incident.Invalid},
		"an issue of no kind": {webhookSecret, sandbox.Signature(webhookSecret, []byte(`{"webhookEvent":"a","issue":[]}`)), `{"webhookEvent":"a","issue":[]}`, incident.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"X-Hub-Signature": {tt.signature}}
			hint, err := jira.ParseWebhook(tt.secret, header, []byte(tt.body))
			require.Equal(t, tt.kind, incident.KindOf(err), "%v", err)
			require.Zero(t, hint)
			require.NotContains(t, err.Error(), webhookSecret)
		})
	}
}

func FuzzParseWebhook(f *testing.F) {
	f.Add([]byte(`{"webhookEvent":"jira:issue_updated","timestamp":1,"issue":{"id":"10001","key":"OPS-1"}}`))
	f.Add([]byte(`{"webhookEvent":"sprint_created"}`))
	f.Add([]byte(`{"webhookEvent":1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		header := http.Header{"X-Hub-Signature": {sandbox.Signature(webhookSecret, body)}}
		hint, err := jira.ParseWebhook(webhookSecret, header, body)
		if err != nil {
			require.Equal(t, incident.Invalid, incident.KindOf(err))
			return
		}
		require.NotEmpty(t, hint.Event)
		_, err = jira.ParseWebhook(webhookSecret, header, append(body, ' '))
		require.Equal(t, incident.Unauthenticated, incident.KindOf(err))
	})
}
