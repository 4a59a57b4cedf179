// Package heartbeat hands beats over to a watchdog outside Tocsin: it calls
// one secret address, of any dead-man's switch that is fed by a plain request,
// such as healthchecks.io or "tocsin watchdog".
//
// Only a page of a fresh beat makes it call. Whatever else is handed to it is
// refused, so that the address hears of nothing but a synthetic alert that has
// passed intake, workflow and paging just now.
package heartbeat

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/integrations/rest"
)

// Config says who is fed.
type Config struct {
	// URL is called by GET, and holds the secret.
	URL string
	// Timeout bounds one call; zero is 8 seconds.
	Timeout time.Duration
	// Now is time.Now when nil.
	Now func() time.Time
}

const defaultTimeout = 8 * time.Second

// Channel feeds the watchdog. It is safe for concurrent use.
type Channel struct {
	url    string
	now    func() time.Time
	client *rest.Client
	last   atomic.Int64
}

// New returns a channel that feeds the configured watchdog. It fails with
// Invalid when its address is none, without repeating it.
func New(config Config) (*Channel, error) {
	target, err := rest.ParseURL(config.URL)
	if err != nil {
		return nil, fmt.Errorf("correct TOCSIN_WATCHDOG_URL: %w", err)
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.Timeout == 0 {
		config.Timeout = defaultTimeout
	}
	return &Channel{
		url: target.String(), now: config.Now,
		client: rest.New(rest.Config{
			Name: "the watchdog", Timeout: config.Timeout, AnyAnswer: true,
			Credentials: "TOCSIN_WATCHDOG_URL", Secrets: []string{config.URL},
		}),
	}, nil
}

// Send calls the watchdog for the page of a beat; the address of the contact
// method is not asked. Its errors are of kind Permanent for what is no page of
// a beat, for a beat that comes too late to prove anything and for a refusal,
// Unavailable for what may go well later, and name no address.
func (c *Channel) Send(ctx context.Context, _ string, m incident.Message) error {
	at, ok := incident.BeatTime(m.Incident)
	if !ok || m.AckURL == "" {
		return incident.Errorf(incident.Permanent, "only the page of a beat feeds the watchdog")
	}
	if late := c.now().Sub(at); late > incident.BeatFresh {
		return incident.Errorf(incident.Permanent, "the beat is %s late: it proves nothing any more", catalog.FormatDuration(late.Round(time.Second)))
	}
	header := http.Header{"Idempotency-Key": {m.Key}, "Cache-Control": {"no-store"}}
	err := c.client.JSON(ctx, rest.Call{Method: http.MethodGet, URL: c.url, Header: header}, nil)
	if err == nil {
		c.last.Store(c.now().UnixNano())
	}
	return err
}

// Last returns when this process last fed the watchdog; the zero time when it
// never did.
func (c *Channel) Last() time.Time {
	if n := c.last.Load(); n != 0 {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}
