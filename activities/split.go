package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Divider keeps which alerts were split off. Both methods may be repeated.
type Divider interface {
	// TakeSplit takes a number for the incident that a split makes, the same
	// one for the same split, and returns what is known of its alerts.
	TakeSplit(ctx context.Context, o SplitOrder) (SplitOff, error)
	// MoveSplit has what the alerts say from now on find the new incident.
	MoveSplit(ctx context.Context, o SplitOrder) error
}

// SplitOrder asks for a part of an incident's alerts to become another one.
type SplitOrder struct {
	From string `json:"from"`
	// ID is unique in the incident.
	ID      string `json:"id"`
	Service string `json:"service"`
	Team    string `json:"team"`
	Key     string `json:"key"`
	Title   string `json:"title"`
	// Alerts are fingerprints.
	Alerts []string  `json:"alerts"`
	At     time.Time `json:"at"`
	// Number is that of the new incident, once it is known.
	Number string `json:"number,omitempty"`
}

// SplitOff is what a new incident is made of.
type SplitOff struct {
	Number string `json:"number"`
	// Service is the one whose alerts they are, and Key the new incident's.
	Service string         `json:"service"`
	Key     string         `json:"key"`
	Alerts  []alerts.Alert `json:"alerts,omitempty"`
	// Policy is set where the service is another one than that of the incident
	// that is split.
	Policy *catalog.Policy `json:"policy,omitempty"`
}

// TakeSplit takes a number for a split and returns what the new incident is
// made of.
func (r *Recorder) TakeSplit(ctx context.Context, o SplitOrder) (SplitOff, error) {
	if r.Divider == nil {
		return SplitOff{}, Fail(incident.Errorf(incident.Permanent, "split %s: nothing here keeps splits", o.From))
	}
	out, err := r.Divider.TakeSplit(ctx, o)
	if err != nil {
		return SplitOff{}, Fail(fmt.Errorf("split %s: %w", o.From, err))
	}
	if out.Service == o.Service || r.Catalogs == nil {
		return out, nil
	}
	c, err := r.Catalogs.Current(ctx)
	if err != nil {
		return SplitOff{}, Fail(fmt.Errorf("split %s: %w", o.From, err))
	}
	if policy, ok := c.Policy(out.Service); ok {
		out.Policy = &policy
	}
	return out, nil
}

// MoveSplit records a split, once its incident runs.
func (r *Recorder) MoveSplit(ctx context.Context, o SplitOrder) error {
	if r.Divider == nil {
		return Fail(incident.Errorf(incident.Permanent, "split %s: nothing here keeps splits", o.From))
	}
	if err := r.Divider.MoveSplit(ctx, o); err != nil {
		return Fail(fmt.Errorf("record the split of %s: %w", o.From, err))
	}
	return nil
}
