// Package shelf knows every runbook that can be run: those that come with
// Tocsin, and those that workers of other repositories announce. What was
// announced it holds in memory, so that neither the way of an alert nor the
// start of a run waits for a database.
package shelf

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// Store keeps what was announced. Its errors are of kind incident.Unavailable.
type Store interface {
	// KeepServed notes which runbooks a task queue serves, but those that another
	// one serves which was heard of at a time or later. It returns, by name, the
	// queue that each belongs to now.
	KeepServed(ctx context.Context, list []activities.ServedRunbook, lately time.Time) (map[string]string, error)
	// Served lists the runbooks that were heard of at a time or later, by name.
	Served(ctx context.Context, since time.Time) ([]activities.ServedRunbook, error)
}

// Shelf knows the runbooks.
type Shelf struct {
	// Store keeps those of other repositories, Own are those that come with
	// Tocsin, and Queue is where these are run.
	Store Store
	Own   []spec.Spec
	Queue string
	// Now is time.Now unless a test says otherwise.
	Now func() time.Time

	mu sync.Mutex
	// known are those of other repositories, by name.
	known []spec.Served
}

var _ activities.Shelf = (*Shelf)(nil)

const (
	// offeredFor is for how long a runbook is offered that is not heard of.
	offeredFor = 24 * time.Hour
	// keptFor is for how long a name stays with a queue that is not heard of.
	keptFor = time.Hour
	// readEvery is how often the store is read: so late is known what another
	// process took in.
	readEvery = 2 * time.Second
	// readWithin bounds one read.
	readWithin = 3 * time.Second
)

// All lists the runbooks, those that come with Tocsin first.
func (s *Shelf) All() []spec.Served {
	var out []spec.Served
	for _, own := range s.Own {
		out = append(out, spec.Served{Spec: own, Queue: s.Queue})
	}
	return append(out, s.others()...)
}

// Called returns what the runbook of a name says of itself, and whether there
// is one.
func (s *Shelf) Called(name string) (spec.Spec, bool) {
	of, known := s.find(name)
	return of.Spec, known
}

// QueueOf implements activities.Shelf. What is not known in memory is looked
// for in the store.
func (s *Shelf) QueueOf(ctx context.Context, name string) (string, error) {
	if of, known := s.find(name); known {
		return of.Queue, nil
	}
	if err := s.Refresh(ctx); err != nil {
		return "", err
	}
	of, known := s.find(name)
	if !known {
		return "", incident.Errorf(incident.NotFound, "no worker serves a runbook called %q", name)
	}
	return of.Queue, nil
}

// Shelve implements activities.Shelf.
func (s *Shelf) Shelve(ctx context.Context, list []activities.ServedRunbook) (map[string]string, error) {
	refused := map[string]string{}
	var foreign []activities.ServedRunbook
	for _, r := range list {
		if slices.ContainsFunc(s.Own, named(r.Name)) {
			refused[r.Name] = "a runbook of this name comes with Tocsin"
			continue
		}
		r.Heard = s.now()
		foreign = append(foreign, r)
	}
	if len(foreign) == 0 {
		return refused, nil
	}
	by, err := s.Store.KeepServed(ctx, foreign, s.now().Add(-keptFor))
	if err != nil {
		return nil, err
	}
	for _, r := range foreign {
		if by[r.Name] != r.Queue {
			refused[r.Name] = "a runbook of this name is served on the task queue " + by[r.Name]
		}
	}
	return refused, nil
}

// Keep reads the store every other second until ctx ends.
func (s *Shelf) Keep(ctx context.Context) {
	for away := false; ctx.Err() == nil; {
		err := s.Refresh(ctx)
		if err != nil && !away && ctx.Err() == nil {
			slog.Warn("it cannot be read which runbooks other repositories serve; using what was read last", "error", err)
		}
		away = err != nil
		select {
		case <-time.After(readEvery):
		case <-ctx.Done():
		}
	}
}

// Refresh reads the store. What was known stays when it cannot be read.
func (s *Shelf) Refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rows, err := s.Store.Served(ctx, s.now().Add(-offeredFor))
	if err != nil {
		return err
	}
	var known []spec.Served
	for _, row := range rows {
		of := spec.Served{Queue: row.Queue, Heard: row.Heard}
		if err := json.Unmarshal([]byte(row.Spec), &of.Spec); err != nil || of.Name != row.Name {
			slog.Error("what a runbook says of itself cannot be read; it is not offered", "runbook", row.Name, "error", err)
			continue
		}
		known = append(known, of)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = known
	return nil
}

func (s *Shelf) find(name string) (spec.Served, bool) {
	if n := slices.IndexFunc(s.Own, named(name)); n >= 0 {
		return spec.Served{Spec: s.Own[n], Queue: s.Queue}, true
	}
	others := s.others()
	if n := slices.IndexFunc(others, func(r spec.Served) bool { return r.Name == name }); n >= 0 {
		return others[n], true
	}
	return spec.Served{}, false
}

// others are those of other repositories that are offered: a name that has come
// to be one of Tocsin's own is no more theirs.
func (s *Shelf) others() []spec.Served {
	since := s.now().Add(-offeredFor)
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []spec.Served
	for _, r := range s.known {
		if !r.Heard.Before(since) && !slices.ContainsFunc(s.Own, named(r.Name)) {
			out = append(out, r)
		}
	}
	return out
}

func named(name string) func(spec.Spec) bool {
	return func(s spec.Spec) bool { return s.Name == name }
}

func (s *Shelf) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}
