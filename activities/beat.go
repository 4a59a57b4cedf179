package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// BeatEvery is how often an activity that may take long says that its worker
// lives. Its time-out must leave room for some that come late.
const BeatEvery = time.Second

// beat heartbeats until the returned function is called, so that the death of
// this worker is noticed within seconds.
func beat(ctx context.Context) (stop func()) {
	if !activity.IsActivity(ctx) || activity.GetInfo(ctx).IsLocalActivity {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(BeatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			case <-done:
				return
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { close(done) }
}
