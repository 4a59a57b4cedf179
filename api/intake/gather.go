package intake

import (
	"context"

	"github.com/tocsinhq/tocsin/incident"
)

// gather hands over together what many callers put in while the last call
// ran: alone when nothing else waits, so that a single alert loses no time,
// and in batches exactly when there is a crowd.
type gather[T any] struct {
	queue chan T
	limit int
	do    func(batch []T)
	ended chan struct{}
}

func newGather[T any](room, limit int, do func(batch []T)) *gather[T] {
	g := &gather[T]{queue: make(chan T, room), limit: limit, do: do, ended: make(chan struct{})}
	go g.run()
	return g
}

// put waits for room until ctx ends; then it is unavailable.
func (g *gather[T]) put(ctx context.Context, one T) error {
	select {
	case g.queue <- one:
		return nil
	case <-ctx.Done():
		return incident.Errorf(incident.Unavailable, "the intake is full: send it again in a moment")
	}
}

func (g *gather[T]) run() {
	defer close(g.ended)
	for first := range g.queue {
		g.do(g.fill(first))
	}
}

// fill takes what waits already.
func (g *gather[T]) fill(first T) []T {
	batch := append(make([]T, 0, min(len(g.queue)+1, g.limit)), first)
	for len(batch) < g.limit {
		select {
		case one, ok := <-g.queue:
			if !ok {
				return batch
			}
			batch = append(batch, one)
		default:
			return batch
		}
	}
	return batch
}

// close ends it once everything in the queue was handed over. Nothing may be
// put in afterwards.
func (g *gather[T]) close() {
	close(g.queue)
	<-g.ended
}
