// Package apitest holds stand-ins for what the API stands on: a store, the
// way to incidents, the intake and the rest, in memory. Each can be made to
// fail.
package apitest

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Store keeps in memory what the API reads. It is safe for concurrent use.
type Store struct {
	mu        sync.Mutex
	down      error
	catalog   *catalog.Catalog
	version   int
	tokens    []store.Token
	incidents map[string]*incident.Incident
	taken     map[string]bool
	order     []string
	changes   []string
	timeline  map[string][]incident.Entry
	pages     []store.Page
	attempts  []activities.Attempt
	replies   map[string]store.Reply
	receipts  []store.Receipt
	strays    int
	looks     int
	lookUps   int
	touches   int
	hanging   bool
}

// NewStore returns a store that holds a catalog.
func NewStore(c *catalog.Catalog) *Store {
	if c != nil {
		first := *c
		first.Version = 1
		c = &first
	}
	return &Store{
		catalog: c, version: 1, incidents: map[string]*incident.Incident{}, taken: map[string]bool{}, timeline: map[string][]incident.Entry{},
	}
}

// Fail makes every method fail; nil mends it.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// Hang makes look-ups of tokens and incidents wait until the caller gives up.
func (s *Store) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging = true
}

func (s *Store) wait(ctx context.Context) error {
	s.mu.Lock()
	hanging := s.hanging
	s.mu.Unlock()
	if !hanging {
		return nil
	}
	<-ctx.Done()
	return incident.Errorf(incident.Unavailable, "wait for the database: %w", ctx.Err())
}

// Put records an incident with new entries of its timeline.
func (s *Store) Put(i *incident.Incident, entries ...incident.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.incidents[i.Number]; !known {
		s.order = append(s.order, i.Number)
	}
	copied := *i
	s.incidents[i.Number] = &copied
	s.changes = append(s.changes, i.Number)
	s.timeline[i.Number] = append(s.timeline[i.Number], entries...)
}

// PutPage records a page, and attempts at it.
func (s *Store) PutPage(p store.Page, attempts ...activities.Attempt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pages = append(s.pages, p)
	s.attempts = append(s.attempts, attempts...)
}

// Catalog returns the catalog in force.
func (s *Store) Catalog() *catalog.Catalog {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.catalog
}

// Incident returns an incident.
func (s *Store) Incident(ctx context.Context, number string) (*incident.Incident, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	i, ok := s.incidents[number]
	if !ok {
		return nil, incident.Errorf(incident.NotFound, "read incident %s: no rows", number)
	}
	return i, nil
}

// Take has an incident opened under a number, and not recorded.
func (s *Store) Take(number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken[number] = true
}

// Taken reports whether an incident was opened under a number.
func (s *Store) Taken(_ context.Context, number string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken[number] || s.incidents[number] != nil, s.down
}

// Incidents lists incidents, the newest first; of the filter it keeps to the
// phase, the service, the holder and Open.
func (s *Store) Incidents(_ context.Context, f store.IncidentFilter) ([]*incident.Incident, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	var fit []*incident.Incident
	for _, number := range slices.Backward(s.order) {
		if i := s.incidents[number]; fits(i, f) {
			fit = append(fit, i)
		}
	}
	return page(fit, f.After, f.Limit)
}

func fits(i *incident.Incident, f store.IncidentFilter) bool {
	return (len(f.Phases) == 0 || slices.Contains(f.Phases, i.Phase)) &&
		(f.Service == "" || f.Service == i.Service) &&
		(f.Touches == "" || f.Touches == i.Service || slices.Contains(i.Affected, f.Touches)) && (f.Holder == "" || f.Holder == i.Holder) &&
		(!f.Open || !i.Phase.Over())
}

// page cuts one page out of a list; the cursor is a place in it.
func page[T any](list []T, after string, limit int) ([]T, string, error) {
	from := 0
	if after != "" {
		var err error
		if from, err = strconv.Atoi(after); err != nil || from < 0 || from > len(list) {
			return nil, "", incident.Errorf(incident.Invalid, "the cursor was not made here: begin without one")
		}
	}
	if limit <= 0 {
		limit = 50
	}
	if from+limit >= len(list) {
		return list[from:], "", nil
	}
	return list[from : from+limit], strconv.Itoa(from + limit), nil
}

// Timeline returns entries after a cursor, and always the next one.
func (s *Store) Timeline(_ context.Context, number string, f store.TimelineFilter) ([]incident.Entry, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	var fit []incident.Entry
	for _, e := range s.timeline[number] {
		if len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind) {
			fit = append(fit, e)
		}
	}
	out, next, err := page(fit, f.After, f.Limit)
	if next == "" {
		next = strconv.Itoa(len(fit))
	}
	return slices.Clone(out), next, err
}

// Changes returns incidents in the order of their recording.
func (s *Store) Changes(_ context.Context, after string, limit int) ([]*incident.Incident, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	end := strconv.Itoa(len(s.changes))
	if after == "" {
		return nil, end, nil
	}
	numbers, next, err := page(s.changes, after, limit)
	out := make([]*incident.Incident, len(numbers))
	for n, number := range numbers {
		out[n] = s.incidents[number]
	}
	if next == "" {
		next = end
	}
	return out, next, err
}

// FollowUps lists the follow-ups of all incidents by owner, state and due
// date.
func (s *Store) FollowUps(_ context.Context, f store.FollowUpFilter) ([]store.FollowUp, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	var fit []store.FollowUp
	for _, number := range s.order {
		for _, task := range s.incidents[number].FollowUps {
			if (f.Owner == "" || f.Owner == task.Owner) && (len(f.States) == 0 || slices.Contains(f.States, task.State)) &&
				(f.DueBefore.IsZero() || task.Due.Before(f.DueBefore)) {
				fit = append(fit, store.FollowUp{Incident: number, FollowUp: task})
			}
		}
	}
	return page(fit, f.After, f.Limit)
}

// Redact marks an entry.
func (s *Store) Redact(_ context.Context, number string, sequence int, by, reason string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return s.down
	}
	for n, e := range s.timeline[number] {
		if e.Sequence == sequence {
			e.Text, e.Redacted = "Redacted by "+by+": "+reason, true
			s.timeline[number][n] = e
			return nil
		}
	}
	return incident.Errorf(incident.NotFound, "redact: %s has no line %d", number, sequence)
}

// CurrentCatalog returns the catalog in force and its version.
func (s *Store) CurrentCatalog(context.Context) (*catalog.Catalog, int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil && s.catalog == nil {
		return nil, 0, incident.Errorf(incident.NotFound, "read the catalog: no rows")
	}
	return s.catalog, s.version, s.down
}

// CatalogUses lists the services and holders of the open incidents.
func (s *Store) CatalogUses(context.Context) ([]store.Use, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []store.Use
	for number, i := range s.incidents {
		if !i.Phase.Over() {
			out = append(out, store.Use{Noun: "service", ID: i.Policy.Service, Incident: number}, store.Use{Noun: "person", ID: i.Holder, Incident: number})
		}
	}
	return out, s.down
}

// SaveCatalog puts a catalog in force.
func (s *Store) SaveCatalog(_ context.Context, c *catalog.Catalog, base int, _ string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.down != nil:
		return 0, s.down
	case base != s.version:
		return 0, incident.Errorf(incident.Conflict, "version %d is in force", s.version)
	}
	s.catalog, s.version = c, s.version+1
	return s.version, nil
}
