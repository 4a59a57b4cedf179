package store

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/changes"
)

// RecentChanges holds in memory what was changed of late, so that the first
// page of an incident can name its suspects without asking a database, and
// while that is away.
type RecentChanges struct {
	store *Store

	mu sync.Mutex
	// known are those of each service.
	known map[string]map[changeKey]changes.Change
	// read is up to when reports were read.
	read time.Time
}

// changeKey tells the changes of a service apart.
type changeKey struct{ source, id string }

const (
	// recentRead is how often the store is read: so late is known what another
	// process took in.
	recentRead = time.Second
	// recentOverlap is how much of what was read is read again: a transaction
	// that began earlier may commit later, and the clock of another process may
	// be behind ours.
	recentOverlap = 10 * time.Minute
	// maxRecent bounds what is held of a service: the newest are.
	maxRecent = 200
	// maxReports bounds what is read at once.
	maxReports = 10_000
)

// NewRecentChanges returns the latest changes of a store. Nothing is read yet.
func NewRecentChanges(s *Store) *RecentChanges {
	return &RecentChanges{store: s, known: map[string]map[changeKey]changes.Change{}}
}

// AddChange keeps a change in the store, and remembers it when it is new there;
// see Store.AddChange.
func (r *RecentChanges) AddChange(ctx context.Context, c changes.Change, reported time.Time) (kept changes.Change, added bool, err error) {
	kept, added, err = r.store.AddChange(ctx, c, reported)
	if added {
		r.remember([]changes.Change{kept})
	}
	return kept, added, err
}

// Of returns what is known to have been changed of some services of late, each
// change once, in no particular order.
func (r *RecentChanges) Of(services ...string) []changes.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []changes.Change
	for _, service := range slices.Compact(slices.Sorted(slices.Values(services))) {
		out = slices.AppendSeq(out, maps.Values(r.known[service]))
	}
	return out
}

// Keep reads the store every second until ctx ends.
func (r *RecentChanges) Keep(ctx context.Context) {
	for ctx.Err() == nil {
		if err := r.Refresh(ctx, time.Now()); err != nil && ctx.Err() == nil {
			slog.Warn("the latest changes cannot be read: suspects may be missing", "error", err)
		}
		select {
		case <-time.After(recentRead):
		case <-ctx.Done():
		}
	}
}

// Refresh reads what was reported since the last call, and forgets what is too
// old to be a suspect.
func (r *RecentChanges) Refresh(ctx context.Context, now time.Time) error {
	oldest := now.Add(-changes.Window)
	r.mu.Lock()
	since := r.read
	r.mu.Unlock()
	if since.IsZero() {
		since = oldest.Add(-time.Hour) // what was reported ahead of its time
	}
	list, err := r.store.reportedSince(ctx, since, oldest, maxReports)
	if err != nil {
		return err
	}
	r.remember(list)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read = now.Add(-recentOverlap)
	for service := range r.known {
		r.forget(service, oldest)
	}
	return nil
}

func (r *RecentChanges) remember(list []changes.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range list {
		of := r.known[c.Service]
		if of == nil {
			of = map[changeKey]changes.Change{}
			r.known[c.Service] = of
		}
		if key := (changeKey{c.Source, c.ID}); of[key].ID == "" {
			of[key] = c
		}
	}
}

// forget drops what of a service is too old, and the oldest beyond the bound.
func (r *RecentChanges) forget(service string, oldest time.Time) {
	of := r.known[service]
	maps.DeleteFunc(of, func(_ changeKey, c changes.Change) bool { return c.At.Before(oldest) })
	if over := len(of) - maxRecent; over > 0 {
		keys := slices.SortedFunc(maps.Keys(of), func(a, b changeKey) int { return of[a].At.Compare(of[b].At) })
		for _, key := range keys[:over] {
			delete(of, key)
		}
	}
	if len(of) == 0 {
		delete(r.known, service)
	}
}
