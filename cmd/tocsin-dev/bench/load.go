package bench

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// shot does the nth thing, which was due at a moment.
type shot func(ctx context.Context, n int, due time.Time)

// load is how n shots follow each other. It returns when all have ended, or
// ctx has.
type load func(ctx context.Context, n int, do shot)

// gaps lets a random time pass before each shot, and waits for none.
func gaps(from, to time.Duration) load {
	return func(ctx context.Context, n int, do shot) {
		var all sync.WaitGroup
		defer all.Wait()
		for i := range n {
			if !pause(ctx, from+rand.N(to-from)) { //nolint:gosec // no secret
				return
			}
			all.Go(func() { do(ctx, i, time.Now()) })
		}
	}
}

// width is how many shots are under way at once where they follow each other as
// fast as they can.
const width = 16

// inFlight keeps width shots under way until all were fired.
func inFlight() load {
	return func(ctx context.Context, n int, do shot) {
		next := make(chan int)
		var all sync.WaitGroup
		defer all.Wait()
		defer close(next)
		for range width {
			all.Go(func() {
				for i := range next {
					do(ctx, i, time.Now())
				}
			})
		}
		for i := range n {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}
}

// openLoop fires so many shots a second, however long each takes. What a shot
// waits for its turn counts: it was due.
func openLoop(perSecond int) load {
	return func(ctx context.Context, n int, do shot) {
		var all sync.WaitGroup
		defer all.Wait()
		began := time.Now()
		for i := range n {
			due := began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))
			if !pause(ctx, time.Until(due)) {
				return
			}
			all.Go(func() { do(ctx, i, due) })
		}
	}
}

// pause reports whether the time passed before ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
