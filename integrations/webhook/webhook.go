// Package webhook hands messages over to a receiver of the user's own, as
// signed JSON.
//
// The body is one JSON object; fields may be added to it, and Version rises
// when one changes its meaning:
//
//	{
//	  "version": 1,
//	  "key": "the same for every attempt at this message",
//	  "incident": "INC-1042", "title": "...", "body": "...",
//	  "urgent": true, "severity": "SEV1", "service": "checkout",
//	  "at": "2026-11-22T03:04:05Z",
//	  "links": [{"title": "Dashboard", "url": "https://..."}],
//	  "ack_url": "a page with a button, absent on notices",
//	  "ack_action": "an address that acknowledges when it is posted to, absent on notices"
//	}
//
// Two headers come with it. Idempotency-Key is the key: a receiver that has
// seen it before should answer 2xx and do nothing. X-Tocsin-Signature is
// "t=<unix seconds>,v1=<hex>", where hex is the HMAC-SHA256, under the shared
// secret, of the seconds, a full stop and the raw body: a receiver should
// compare it in constant time and refuse old seconds.
//
// Any 2xx means accepted. Redirects are refused. The addresses come from the
// catalog, which only operators write: they are trusted and may lie inside the
// own network.
package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

const version = 1

// Config says how messages are signed.
type Config struct {
	// Secret signs every message.
	Secret string
	// Timeout bounds one delivery; zero is 10 seconds.
	Timeout time.Duration
}

// Channel posts messages to addresses. It is safe for concurrent use.
type Channel struct {
	config Config
	client *rest.Client
}

// New returns a channel that signs as config says. It fails with Invalid
// without a secret: nothing goes out unsigned.
func New(config Config) (*Channel, error) {
	if config.Secret == "" {
		return nil, incident.Errorf(incident.Invalid, "set TOCSIN_WEBHOOK_SECRET: webhooks are signed with it")
	}
	return &Channel{config: config, client: rest.New(rest.Config{
		Name: "the webhook's receiver", Timeout: config.Timeout, AnyAnswer: true,
		Credentials: "that the receiver knows TOCSIN_WEBHOOK_SECRET",
	})}, nil
}

type body struct {
	Version   int       `json:"version"`
	Key       string    `json:"key"`
	Incident  string    `json:"incident"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	Urgent    bool      `json:"urgent"`
	Severity  string    `json:"severity,omitempty"`
	Service   string    `json:"service,omitempty"`
	At        time.Time `json:"at"`
	Links     []link    `json:"links,omitempty"`
	AckURL    string    `json:"ack_url,omitempty"`
	AckAction string    `json:"ack_action,omitempty"`
}

type link struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

// Send posts a message to address, a URL. Its errors are of kind Permanent
// for an address that is none and for a refusal, Unavailable for what may go
// well later, and name no address.
func (c *Channel) Send(ctx context.Context, address string, m incident.Message) error {
	target, err := rest.ParseURL(address)
	if err != nil {
		return incident.Errorf(incident.Permanent, "correct the webhook in the catalog: %w", err)
	}
	data, err := json.Marshal(wire(m))
	if err != nil {
		return incident.Errorf(incident.Permanent, "put the message as JSON: %w", err)
	}
	header := http.Header{"Idempotency-Key": {m.Key}}
	header.Set("X-Tocsin-Signature", sign(c.config.Secret, time.Now(), data))
	return c.client.JSON(ctx, rest.Call{Method: http.MethodPost, URL: target.String(), Header: header, Body: data}, nil)
}

func wire(m incident.Message) body {
	out := body{
		Version: version, Key: m.Key, Incident: m.Incident, Title: m.Title, Body: m.Body,
		Urgent: m.Urgent, Severity: m.Severity, Service: m.Service, At: m.At.UTC(),
		AckURL: m.AckURL, AckAction: m.AckAction,
	}
	for _, l := range m.Links {
		out.Links = append(out.Links, link{Title: l.Title, URL: l.URL})
	}
	return out
}

func sign(secret string, at time.Time, body []byte) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return fmt.Sprintf("t=%s,v1=%s", seconds, hex.EncodeToString(mac.Sum(nil)))
}
