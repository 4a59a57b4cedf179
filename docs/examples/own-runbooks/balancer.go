package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
)

// Balancer sends traffic to cells, each by its weight. Its exported methods are
// activities: they run in this program alone, with its credentials. What they
// take and return goes into Temporal's history, so it is small and no secret.
type Balancer struct {
	URL   string
	Token string
}

// Order gives a cell a weight.
type Order struct {
	Cell   string `json:"cell"`
	Weight int    `json:"weight"`
}

// Weight says how much of the traffic a cell takes.
func (b *Balancer) Weight(ctx context.Context, cell string) (int, error) {
	var now Order
	err := b.call(ctx, http.MethodGet, cell, nil, &now)
	return now.Weight, activities.Fail(err)
}

// SetWeight gives a cell a weight.
func (b *Balancer) SetWeight(ctx context.Context, o Order) error {
	return activities.Fail(b.call(ctx, http.MethodPut, o.Cell, o, nil))
}

// call answers with an error of a kind: Permanent says that nothing was changed,
// Unavailable that nobody knows. Its text is read by people and kept, so that it
// holds no address.
func (b *Balancer) call(ctx context.Context, method, cell string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return incident.Errorf(incident.Permanent, "the order cannot be written")
	}
	request, err := http.NewRequestWithContext(ctx, method, b.URL+"/cells/"+url.PathEscape(cell), bytes.NewReader(data))
	if err != nil {
		return incident.Errorf(incident.Permanent, "the balancer's address is none")
	}
	request.Header.Set("Authorization", "Bearer "+b.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return incident.Errorf(incident.Unavailable, "the balancer does not answer")
	}
	defer func() { _ = response.Body.Close() }()
	switch {
	case response.StatusCode >= http.StatusInternalServerError:
		return incident.Errorf(incident.Unavailable, "the balancer answers with %s", response.Status)
	case response.StatusCode >= http.StatusBadRequest:
		return incident.Errorf(incident.Permanent, "the balancer refuses it: %s", response.Status)
	case into == nil:
		return nil
	}
	if err := json.NewDecoder(http.MaxBytesReader(nil, response.Body, 1<<16)).Decode(into); err != nil {
		return incident.Errorf(incident.Unavailable, "the balancer's answer cannot be read")
	}
	return nil
}

// String names what an order does, as people approve it.
func (o Order) String() string { return fmt.Sprintf("give %s the weight %d", o.Cell, o.Weight) }
