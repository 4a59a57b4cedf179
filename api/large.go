package api

import (
	"context"
	"net/http"
)

const (
	// largeBody is the size up to which a body is taken from anybody, as much as
	// comes.
	largeBody = 1 << 20
	// maxLarge bounds the larger ones that are held at once of callers who are not
	// known before their body was read, as of webhooks that sign it: a stranger
	// must not fill the memory.
	maxLarge = 2
)

// makeRoom waits until the body of a request can be held, and returns what makes
// room for the next. It fails when the caller's time is over first.
func (s *server) makeRoom(ctx context.Context, op operation, r *http.Request) (leave func(), err error) {
	small := r.ContentLength >= 0 && r.ContentLength <= largeBody
	if small || !op.open || op.body <= largeBody {
		return func() {}, nil
	}
	select {
	case s.large <- struct{}{}:
		return func() { <-s.large }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
