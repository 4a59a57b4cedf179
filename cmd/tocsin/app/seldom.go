package app

import (
	"context"
	"sync"
	"time"
)

const (
	// probeEvery is how often a product outside is asked whether it is there.
	probeEvery = 15 * time.Second
	// probeWithin is how long it has to say so.
	probeWithin = 1500 * time.Millisecond
)

// seldom asks a product outside no oftener than that, however often the answer
// is wanted: everybody may ask for readiness, and what an account may ask of
// its provider is for pages.
func seldom(probe func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	var asked time.Time
	var last error
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if asked.IsZero() || time.Since(asked) >= probeEvery {
			// The answer is for others too, who do not hang up with this one.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeWithin)
			defer cancel()
			last, asked = probe(ctx), time.Now()
		}
		return last
	}
}
