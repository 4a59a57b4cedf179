package activities

import (
	"context"
	"fmt"
)

// Recorder writes what incidents record. Its exported methods are activities.
type Recorder struct {
	Journal Journal
}

// Record writes a batch once, however often it is tried.
func (r *Recorder) Record(ctx context.Context, b Batch) error {
	if err := r.Journal.Record(ctx, b); err != nil {
		return Fail(fmt.Errorf("record %s: %w", b.Number, err))
	}
	return nil
}
