package intake

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tocsinhq/tocsin/runbook/spec"
)

// Config is what an Intake is made of. Store, Engine and Catalogs are needed.
type Config struct {
	Store    Store
	Engine   Engine
	Catalogs Catalogs
	// Runbook returns what the runbook of a name says of itself, and whether
	// there is one; nil knows of none.
	Runbook func(name string) (spec.Spec, bool)
	// Changes are what was changed of late; nil knows of nothing.
	Changes Changes
	// Log is slog.Default() when nil.
	Log *slog.Logger
	// Metrics is where the metrics are registered; nil registers none.
	Metrics prometheus.Registerer
	// Now is time.Now when nil.
	Now    func() time.Time
	Limits Limits
}

// Limits bound what the intake holds and how long it waits. The zero value of
// each means its default.
type Limits struct {
	// Queue is how many claims may wait (2,048); beyond, senders are told to
	// come again.
	Queue int
	// Batch is how many claims share one transaction (100).
	Batch int
	// Senders is how many calls to Temporal run at once (64).
	Senders int
	// StorePatience is how long the store may take (500 ms) before paging
	// goes on without it.
	StorePatience time.Duration
	// Away is for how long a store that failed is not asked (3 s).
	Away time.Duration
	// Moment is how long facts for one incident are gathered after a signal
	// (50 ms), so that a storm of deliveries is a few signals.
	Moment time.Duration
	// Patience is how long one delivery may take from end to end (10 s).
	Patience time.Duration
	// Refresh is how often the open keys are read (15 s).
	Refresh time.Duration
}

func (l Limits) orDefaults() Limits {
	return Limits{
		Queue:         cmp.Or(l.Queue, 2048),
		Batch:         cmp.Or(l.Batch, 100),
		Senders:       cmp.Or(l.Senders, 64),
		StorePatience: cmp.Or(l.StorePatience, 500*time.Millisecond),
		Away:          cmp.Or(l.Away, 3*time.Second),
		Moment:        cmp.Or(l.Moment, 50*time.Millisecond),
		Patience:      cmp.Or(l.Patience, 10*time.Second),
		Refresh:       cmp.Or(l.Refresh, 15*time.Second),
	}
}

func (c Config) orDefaults() Config {
	c.Log = cmp.Or(c.Log, slog.Default())
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Runbook == nil {
		c.Runbook = func(string) (spec.Spec, bool) { return spec.Spec{}, false }
	}
	if c.Changes == nil {
		c.Changes = noChanges{}
	}
	c.Limits = c.Limits.orDefaults()
	return c
}
