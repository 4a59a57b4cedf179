package activities

import (
	"context"
	"fmt"
	"time"
)

// Recorder writes what incidents record. Its exported methods are activities.
type Recorder struct {
	Journal Journal
	// Divider keeps splits, and Catalogs knows the policies of the incidents
	// that they make. Where there is none nothing can be split.
	Divider  Divider
	Catalogs Catalogs
	// Outputs keeps what runs brought to light, and Gate lets them start by
	// themselves; without one, nothing is kept and none starts.
	Outputs Outputs
	Gate    Gate
	// Shelf knows the runbooks; without one none starts.
	Shelf Shelf
}

// Record writes a batch once, however often it is tried.
func (r *Recorder) Record(ctx context.Context, b Batch) error {
	if err := r.Journal.Record(ctx, b); err != nil {
		return Fail(fmt.Errorf("record %s: %w", b.Number, err))
	}
	return nil
}

// KeyClaim asks for a service's key, for an incident that was opened while the
// database was away.
type KeyClaim struct {
	Number  string    `json:"number"`
	Service string    `json:"service"`
	Key     string    `json:"key"`
	At      time.Time `json:"at"`
}

// Adopt claims a key and returns the incident that holds it now: the asking
// one, or the one that was faster.
func (r *Recorder) Adopt(ctx context.Context, c KeyClaim) (string, error) {
	holder, err := r.Journal.Adopt(ctx, c.Number, c.Service, c.Key, c.At)
	if err != nil {
		return "", Fail(fmt.Errorf("adopt the key of %s: %w", c.Number, err))
	}
	return holder, nil
}
