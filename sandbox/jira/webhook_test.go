package jira_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tocsinhq/tocsin/sandbox/jira"
)

const patience = 5 * time.Second

// hook is what one webhook delivery said.
type hook struct {
	Identifier, Retry, Signature string
	Raw                          []byte
	Event                        string `json:"webhookEvent"`
	IssueEventType               string `json:"issue_event_type_name"`
	Issue                        struct{ ID, Key string }
	Comment                      struct{ Body string }
	Changelog                    struct{ Items []map[string]string }
}

// listener collects deliveries, refusing as many as it is told to first.
type listener struct {
	*httptest.Server
	hooks  chan hook
	refuse atomic.Int64
}

func newListener(t *testing.T) *listener {
	l := &listener{hooks: make(chan hook, 100)}
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		h := hook{
			Identifier: r.Header.Get("X-Atlassian-Webhook-Identifier"), Retry: r.Header.Get("X-Atlassian-Webhook-Retry"),
			Signature: r.Header.Get("X-Hub-Signature"), Raw: raw,
		}
		if err == nil {
			err = json.Unmarshal(raw, &h)
		}
		if err != nil {
			t.Errorf("read a webhook: %v", err)
		}
		l.hooks <- h
		if l.refuse.Add(-1) >= 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *listener) next(t *testing.T) hook {
	t.Helper()
	select {
	case h := <-l.hooks:
		return h
	case <-time.After(patience):
		require.Fail(t, "no webhook arrived")
		return hook{}
	}
}

func TestWebhooksTellOfChanges(t *testing.T) {
	l := newListener(t)
	s := newSite(t, jira.Config{Webhook: jira.Webhook{URL: l.URL, Secret: "s3cret"}})
	key := s.create(t, "watched")

	require.NoError(t, s.Transition(key, "ana", "Done", "Done"))
	h := l.next(t)
	require.Equal(t, "jira:issue_updated", h.Event)
	require.Equal(t, "issue_generic", h.IssueEventType)
	require.Equal(t, key, h.Issue.Key)
	require.Equal(t, "Done", h.Changelog.Items[0]["toString"])
	require.Equal(t, "status", h.Changelog.Items[0]["field"])
	require.Equal(t, jira.Signature("s3cret", h.Raw), h.Signature)
	require.NotEmpty(t, h.Identifier)
	require.Empty(t, h.Retry)

	require.NoError(t, s.Comment(key, "ana", "looks good"))
	h = l.next(t)
	require.Equal(t, "comment_created", h.Event)
	require.Equal(t, "looks good", h.Comment.Body)

	require.NoError(t, s.Delete(key, "ana"))
	h = l.next(t)
	require.Equal(t, "jira:issue_deleted", h.Event)
	require.Equal(t, "10001", h.Issue.ID)
}

func TestWebhooksAreRetriedUnderTheSameIdentifier(t *testing.T) {
	l := newListener(t)
	s := newSite(t, jira.Config{Webhook: jira.Webhook{URL: l.URL, RetryEvery: time.Millisecond}})
	key := s.create(t, "watched")
	l.refuse.Store(2)
	require.NoError(t, s.Comment(key, "ana", "x"))
	first, second, third := l.next(t), l.next(t), l.next(t)
	require.Equal(t, []string{"", "1", "2"}, []string{first.Retry, second.Retry, third.Retry})
	require.Equal(t, first.Identifier, second.Identifier)
	require.Equal(t, first.Identifier, third.Identifier)
	require.Empty(t, first.Signature, "without a secret nothing is signed")
}

func TestWebhooksMayBeDuplicatedAndReordered(t *testing.T) {
	l := newListener(t)
	s := newSite(t, jira.Config{})
	key := s.create(t, "watched")
	req := s.request(t, http.MethodPut, "_webhook", `{"url":"`+l.URL+`","secret":"x","duplicate":true,"reorder":true}`)
	require.Equal(t, http.StatusNoContent, send(t, req).Status)

	require.NoError(t, s.Comment(key, "ana", "one"))
	require.NoError(t, s.Comment(key, "ana", "two"))
	var bodies, identifiers []string
	for range 4 {
		h := l.next(t)
		bodies = append(bodies, h.Comment.Body)
		identifiers = append(identifiers, h.Identifier)
	}
	require.Equal(t, []string{"two", "two", "one", "one"}, bodies)
	require.Len(t, slices.Compact(identifiers), 2)

	require.NoError(t, s.Comment(key, "ana", "alone"))
	require.Equal(t, "alone", l.next(t).Comment.Body, "an event that nothing follows is not kept for ever")
}

func TestNothingIsAnnouncedWithoutAnAddress(t *testing.T) {
	l := newListener(t)
	s := newSite(t, jira.Config{Webhook: jira.Webhook{URL: l.URL}})
	key := s.create(t, "watched")
	s.SetWebhook(jira.Webhook{})
	require.NoError(t, s.Comment(key, "ana", "unheard"))
	s.SetWebhook(jira.Webhook{URL: l.URL})
	require.NoError(t, s.Comment(key, "ana", "heard"))
	require.Equal(t, "heard", l.next(t).Comment.Body)
}
