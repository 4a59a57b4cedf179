package jira

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	webhookTries   = 6
	webhookTimeout = 10 * time.Second
	// reorderWindow is how long an event waits to be overtaken.
	reorderWindow = 200 * time.Millisecond
)

// Signature is the value of the X-Hub-Signature header for a webhook body.
func Signature(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// eventBody is what a webhook says about a change.
func (s *Server) eventBody(ev event, issue *Issue, author string, items []ChangeItem) object {
	body := object{
		"timestamp": time.Now().UnixMilli(), "webhookEvent": ev.name,
		"user": s.renderUser(s.config.BaseURL, author),
		"issue": object{
			"id": issue.ID, "key": issue.Key, "self": issueURL(s.config.BaseURL, issue),
			"fields": s.renderFields(s.config.BaseURL, issue),
		},
	}
	if ev.comment != nil {
		body["comment"] = s.renderComment(s.config.BaseURL, issue.Key, *ev.comment)
	}
	if len(items) > 0 {
		body["issue_event_type_name"] = "issue_updated"
		if items[0].Field == "status" {
			body["issue_event_type_name"] = "issue_generic"
		}
		body["changelog"] = object{"id": strconv.Itoa(len(issue.History)), "items": renderItems(items)}
	}
	return body
}

// delivery is one event on its way.
type delivery struct {
	identifier string
	body       []byte
}

// announcer delivers events in order, each until it is accepted or given up.
type announcer struct {
	log    *slog.Logger
	client *http.Client
	queue  chan delivery
	stop   context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	target Webhook
}

func newAnnouncer(config Config) *announcer {
	ctx, stop := context.WithCancel(context.Background())
	a := &announcer{
		log: config.Log, target: config.Webhook, stop: stop,
		client: &http.Client{Timeout: webhookTimeout}, queue: make(chan delivery, 1024),
	}
	a.wg.Go(func() { a.run(ctx) })
	return a
}

func (a *announcer) close() {
	a.stop()
	a.wg.Wait()
	a.client.CloseIdleConnections()
}

func (a *announcer) webhook() Webhook {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.target
}

func (a *announcer) setWebhook(target Webhook) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if target.RetryEvery == 0 {
		target.RetryEvery = a.target.RetryEvery
	}
	a.target = target
}

// announce queues an event. Like Jira's, it is best effort: a full queue
// loses it.
func (a *announcer) announce(body object) {
	if a.webhook().URL == "" {
		return
	}
	data, err := json.Marshal(body)
	if err != nil {
		a.log.Error("cannot encode a JIRA webhook", "err", err)
		return
	}
	select {
	case a.queue <- delivery{identifier: rand.Text(), body: data}:
	default:
		a.log.Warn("the queue of JIRA webhooks is full, one is lost")
	}
}

func (a *announcer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case d := <-a.queue:
			if a.webhook().Reorder {
				a.overtake(ctx)
			}
			a.deliver(ctx, d)
		}
	}
}

// overtake delivers the event that follows within a moment, if one does.
func (a *announcer) overtake(ctx context.Context) {
	select {
	case <-ctx.Done():
	case d := <-a.queue:
		a.deliver(ctx, d)
	case <-time.After(reorderWindow):
	}
}

// deliver makes the first attempt in order; later ones are made beside, so
// that one lost event does not delay the others.
func (a *announcer) deliver(ctx context.Context, d delivery) {
	copies := 1
	if a.webhook().Duplicate {
		copies = 2
	}
	for range copies {
		if err := a.post(ctx, d, 0); err != nil {
			a.wg.Go(func() { a.retry(ctx, d, err) })
		}
	}
}

func (a *announcer) retry(ctx context.Context, d delivery, err error) {
	for attempt := 1; attempt < webhookTries; attempt++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(a.webhook().RetryEvery):
		}
		if err = a.post(ctx, d, attempt); err == nil {
			return
		}
	}
	a.log.Warn("a JIRA webhook was given up", "identifier", d.identifier, "err", err)
}

func (a *announcer) post(ctx context.Context, d delivery, attempt int) error {
	target := a.webhook()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, bytes.NewReader(d.body))
	if err != nil {
		return fmt.Errorf("make the webhook request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=UTF-8")
	req.Header.Set("User-Agent", "Atlassian Webhook HTTP Client")
	req.Header.Set("X-Atlassian-Webhook-Identifier", d.identifier)
	req.Header.Set("X-Atlassian-Webhook-Flow", "Primary")
	if attempt > 0 {
		req.Header.Set("X-Atlassian-Webhook-Retry", strconv.Itoa(attempt))
	}
	if target.Secret != "" {
		req.Header.Set("X-Hub-Signature", Signature(target.Secret, d.body))
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return fmt.Errorf("post the webhook: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the webhook's receiver answered %s", resp.Status)
	}
	return nil
}
