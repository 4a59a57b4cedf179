// Package ntfy pushes messages to phones through a server that speaks ntfy's
// JSON publishing, with a button that acknowledges from the lock screen.
package ntfy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// What ntfy means by priorities.
const (
	priorityMax     = 5
	priorityDefault = 3
)

// What ntfy takes; it refuses more buttons, makes a file of a longer text, and
// reads no longer JSON.
const (
	maxActions = 3
	maxTitle   = 250
	maxMessage = 4000
	maxJSON    = 8000
)

// Config says which server is published to.
type Config struct {
	// URL is the server's address, such as "https://ntfy.example.com".
	URL string
	// Token is an access token of the server; empty sends none.
	Token string
	// Timeout bounds one delivery; zero is 10 seconds.
	Timeout time.Duration
	// Settings begins the names of the settings that errors say to correct;
	// empty is "TOCSIN_NTFY".
	Settings string
}

// Channel publishes messages to topics. It is safe for concurrent use.
type Channel struct {
	config Config
	url    string
	topic  *regexp.Regexp
	client *rest.Client
}

// New returns a channel that publishes to the configured server. It fails
// with Invalid when its address is none.
func New(config Config) (*Channel, error) {
	config.Settings = cmp.Or(config.Settings, "TOCSIN_NTFY")
	base, err := rest.ParseBase(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct %s_URL: %w", config.Settings, err)
	}
	return &Channel{
		config: config, url: base.String(),
		topic: regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`),
		client: rest.New(rest.Config{
			Name: "the push server", Timeout: config.Timeout,
			Credentials: config.Settings + "_TOKEN", Secrets: []string{config.Token},
		}),
	}, nil
}

// Send publishes a message to a topic. A repeat replaces the notification on
// the phones of servers that know sequences, by the X-Sequence-ID made from
// the key; the key itself goes out as Idempotency-Key. Its errors are of kind
// Permanent for a topic that is none and for a refusal, Unavailable for what
// may go well later, and name no topic.
func (c *Channel) Send(ctx context.Context, topic string, m incident.Message) error {
	if !c.topic.MatchString(topic) {
		return incident.Errorf(incident.Permanent,
			"correct the push topic in the catalog: use 1 to 64 letters, digits, '-' and '_'")
	}
	header := http.Header{}
	header.Set("Idempotency-Key", m.Key)
	header.Set("X-Sequence-ID", sequence(m.Key))
	if c.config.Token != "" {
		header.Set("Authorization", "Bearer "+c.config.Token)
	}
	var answer struct {
		ID string `json:"id"`
	}
	call := rest.Call{Method: http.MethodPost, URL: c.url, Header: header, Body: publish(topic, m)}
	if err := c.client.JSON(ctx, call, &answer); err != nil {
		return err
	}
	if answer.ID == "" {
		return incident.Errorf(incident.Unavailable, "the push server confirmed no message, check %s_URL", c.config.Settings)
	}
	return nil
}

// sequence is the key in the letters that ntfy allows.
func sequence(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}
