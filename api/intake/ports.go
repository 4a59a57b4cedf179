package intake

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/changes"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Catalogs gives the catalog in force: the last good one when the store is
// away, and an error only when there never was one.
type Catalogs interface {
	Current(ctx context.Context) (*catalog.Catalog, error)
}

// Changes knows what was changed of late, at once and without asking anybody:
// the first page waits for it.
type Changes interface {
	Of(services ...string) []changes.Change
}

type noChanges struct{}

func (noChanges) Of(...string) []changes.Change { return nil }

// Store holds who owns which dedup key, and what Temporal has not accepted
// yet. Every method may be repeated.
type Store interface {
	// Claim records alerts and finds or makes the open incident of each
	// service and key, in one transaction. The answers are in the order of
	// the claims.
	Claim(ctx context.Context, claims []store.Claim) ([]store.Claimed, error)
	// Note records alerts that page nobody: they belong to no incident.
	Note(ctx context.Context, claims []store.Claim) error
	// Accept marks what Temporal has accepted.
	Accept(ctx context.Context, outbox []int64) error
	// Waiting returns what was wanted before a time and is not accepted, the
	// oldest first.
	Waiting(ctx context.Context, olderThan time.Time, limit int) ([]store.Outbox, error)
	// WaitingFor returns what is not accepted of one incident, the oldest
	// first.
	WaitingFor(ctx context.Context, number string) ([]store.Outbox, error)
	// Release takes the key from an incident that can no longer answer.
	Release(ctx context.Context, number, reason string) error
	// Renumber gives an incident that was never started the next number.
	Renumber(ctx context.Context, old string) (string, error)
	// OpenKeys returns every key that an incident holds.
	OpenKeys(ctx context.Context) ([]store.OpenKey, error)
	// Declare claims a number for an incident declared by hand, the same one
	// for the same id.
	Declare(ctx context.Context, d store.Declaration) (store.Claimed, error)
	// MarkGone marks the row of an incident whose workflow is gone, and frees
	// its key.
	MarkGone(ctx context.Context, number, reason string) error
	// Suppressing returns the silences under which alerts fire.
	Suppressing(ctx context.Context) ([]catalog.Silence, error)
	// SuppressedBy returns alerts that fire under a silence, at most limit.
	SuppressedBy(ctx context.Context, silence string, limit int) ([]alerts.Alert, error)
	// Unsuppress forgets that a silence keeps alerts from paging that were not
	// heard of at that time or later.
	Unsuppress(ctx context.Context, silence string, fingerprints []string, before time.Time) error
}

// Engine starts and tells the workflows of incidents.
type Engine interface {
	// Start starts the workflow of an incident, and reports whether its first
	// task came with the answer. The error is of kind incident.Conflict when
	// a workflow of this number was started before, incident.Invalid when
	// Temporal refuses the size of it, and incident.Unavailable when Temporal
	// did not answer.
	Start(ctx context.Context, inc *incident.Incident, news []alerts.Alert, more int) (eager bool, err error)
	// Signal tells an incident what monitoring says. The error is of kind
	// incident.NotFound when there is no such workflow or it has finished;
	// other kinds are as for Start.
	Signal(ctx context.Context, number string, news []alerts.Alert, more int) error
	// Describe returns what Identity made of the service and the key of the
	// incident of this number, and whether its workflow still runs; an error
	// of kind incident.NotFound when there is none.
	Describe(ctx context.Context, number string) (identity string, open bool, err error)
}

// Identity tells incidents apart whatever their number: two services may
// have alerts with the same key.
func Identity(service, key string) string { return service + "/" + key }
