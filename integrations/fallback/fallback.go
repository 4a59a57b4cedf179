package fallback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/incident"
)

// patience is shared by the providers when whoever calls sets no limit.
const patience = 10 * time.Second

// Sender is what every channel does; see activities.Channel.
type Sender interface {
	Send(ctx context.Context, address string, m incident.Message) error
}

// Provider is one of those that serve a kind of contact method.
type Provider struct {
	// Name is recorded with what it took, such as "twilio".
	Name    string
	Channel Sender
}

// Channel hands messages over by the first of its providers that takes them.
// It is safe for concurrent use if they are.
type Channel struct{ providers []Provider }

// New returns a channel of providers, the preferred one first. There must be
// one at least.
func New(first Provider, others ...Provider) *Channel {
	return &Channel{append([]Provider{first}, others...)}
}

// Send hands a message over as Deliver does.
func (c *Channel) Send(ctx context.Context, address string, m incident.Message) error {
	_, err := c.Deliver(ctx, address, m)
	return err
}

// Deliver hands a message over and says which provider took it. When none
// does, the error is of kind Permanent only if each one's was: while one of
// them may still take it, it is worth trying again. It names every provider
// and no address.
func (c *Channel) Deliver(ctx context.Context, address string, m incident.Message) (incident.HandOver, error) {
	var taken incident.HandOver
	err := firstOf(ctx, c.names(), func(ctx context.Context, n int) (err error) {
		p := c.providers[n]
		taken = incident.HandOver{}
		if d, ok := p.Channel.(deliverer); ok {
			taken, err = d.Deliver(ctx, address, m)
		} else {
			err = p.Channel.Send(ctx, address, m)
		}
		taken.Provider = p.Name
		return err
	})
	if err != nil {
		return incident.HandOver{}, err
	}
	return taken, nil
}

// Silence passes on to the provider that took the message.
func (c *Channel) Silence(ctx context.Context, h incident.HandOver) error {
	for _, p := range c.providers {
		if s, ok := p.Channel.(silencer); ok && p.Name == h.Provider {
			return s.Silence(ctx, h)
		}
	}
	return nil
}

type deliverer interface {
	Deliver(ctx context.Context, address string, m incident.Message) (incident.HandOver, error)
}

type silencer interface {
	Silence(ctx context.Context, h incident.HandOver) error
}

func (c *Channel) names() []string {
	out := make([]string, len(c.providers))
	for n, p := range c.providers {
		out[n] = p.Name
	}
	return out
}

// firstOf calls one after the other until one succeeds. Each gets an equal
// share of the time that is left; what one does not use is for the others.
func firstOf(ctx context.Context, names []string, call func(ctx context.Context, n int) error) error {
	end, limited := ctx.Deadline()
	if !limited {
		end = time.Now().Add(patience)
	}
	var failed []failure
	for n, name := range names {
		share := time.Until(end) / time.Duration(len(names)-n)
		err := within(ctx, share, func(ctx context.Context) error { return call(ctx, n) })
		if err == nil {
			return nil
		}
		failed = append(failed, failure{name, err})
		if _, over := errors.AsType[settled](err); over || ctx.Err() != nil {
			break // nothing is left, or nobody is waiting any more
		}
	}
	return summarise(ctx, failed)
}

// settled is an error that no other provider can mend.
type settled struct{ error }

// Unwrap returns the error itself.
func (s settled) Unwrap() error { return s.error }

func within(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return call(ctx)
}

type failure struct {
	name string
	err  error
}

// summarise says of each provider why it did not take the message. A time that
// ran out is worded anew: it is a provider's share and not the caller's.
func summarise(ctx context.Context, failed []failure) error {
	kind, words := incident.Permanent, make([]string, 0, len(failed))
	var wait time.Duration
	for _, f := range failed {
		known, ok := errors.AsType[*incident.Error](f.err)
		switch {
		case errors.Is(f.err, context.DeadlineExceeded):
			words = append(words, f.name+": did not answer in its share of the time")
		case ok:
			words = append(words, f.name+": "+known.Message)
		default:
			words = append(words, fmt.Sprintf("%s: unexpected error (%T)", f.name, f.err))
		}
		if !ok || known.Kind != incident.Permanent {
			kind = incident.Unavailable
		}
		if ok && known.RetryAfter > 0 && (wait == 0 || known.RetryAfter < wait) {
			wait = known.RetryAfter
		}
	}
	if ctx.Err() != nil {
		return incident.Errorf(incident.Unavailable, "%s: %w", strings.Join(words, "; "), ctx.Err())
	}
	return &incident.Error{Kind: kind, Message: strings.Join(words, "; "), RetryAfter: waitOf(failed, wait)}
}

// waitOf is how long everybody asked to be left alone: while one may be tried
// at once, nobody waits.
func waitOf(failed []failure, shortest time.Duration) time.Duration {
	for _, f := range failed {
		known, ok := errors.AsType[*incident.Error](f.err)
		if !ok || known.RetryAfter == 0 && known.Kind != incident.Permanent {
			return 0
		}
	}
	return shortest
}
