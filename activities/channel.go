package activities

import (
	"context"
	"fmt"

	"github.com/tocsinhq/tocsin/incident"
)

// hand gives a message to a channel, and learns as much of the hand-over as the
// channel says.
func hand(ctx context.Context, c Channel, address string, m incident.Message) (incident.HandOver, error) {
	if d, ok := c.(Deliverer); ok {
		return d.Deliver(ctx, address, m)
	}
	return incident.HandOver{}, c.Send(ctx, address, m)
}

// Ringing is a page that was handed over and rings until it is answered.
type Ringing struct {
	Kind      string `json:"kind"`
	Provider  string `json:"provider,omitempty"`
	Reference string `json:"reference"`
}

// Silence stops pages that ring though nobody need answer them any more. What
// cannot be silenced any more is passed over.
func (p *Pager) Silence(ctx context.Context, list []Ringing) error {
	var owed error
	for _, r := range list {
		s, ok := p.Channels[r.Kind].(Silencer)
		if !ok {
			continue
		}
		err := s.Silence(ctx, incident.HandOver{Provider: r.Provider, Reference: r.Reference, Rings: true})
		if err != nil && !final(incident.KindOf(err)) {
			owed = fmt.Errorf("silence what rings by %s: %w", r.Kind, err)
		}
	}
	return Fail(owed)
}
