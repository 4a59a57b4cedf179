package api

import (
	"context"
	"time"
)

// looksPerLag is how often the record is looked at while it catches up.
const looksPerLag = 10

// catchUp looks for what a provider speaks of until it is found: what is handed
// over is recorded afterwards, and both a receipt and a reply may be faster. It
// looks for about as long as Lag, and the last look counts.
func (s *server) catchUp(ctx context.Context, found func() bool) {
	again := time.NewTicker(s.Lag / looksPerLag)
	defer again.Stop()
	for look := 0; !found() && look < looksPerLag; look++ {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
	}
}
