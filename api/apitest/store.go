// Package apitest holds stand-ins for what the API stands on: a store, the
// way to incidents, the intake and the rest, in memory. Each can be made to
// fail.
package apitest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

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
	order     []string
	changes   []string
	timeline  map[string][]incident.Entry
	pages     []store.Page
	attempts  []activities.Attempt
	replies   map[string]store.Reply
	receipts  []store.Receipt
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
		catalog: c, version: 1, incidents: map[string]*incident.Incident{}, timeline: map[string][]incident.Entry{},
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

// TokenLookUps says how often a token was asked for.
func (s *Store) TokenLookUps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookUps
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
		(f.Service == "" || f.Service == i.Service) && (f.Holder == "" || f.Holder == i.Holder) &&
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

// Pages lists the pages that a filter lets through.
func (s *Store) Pages(_ context.Context, f store.PageFilter) ([]store.Page, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	var fit []store.Page
	for _, p := range s.pages {
		fits := (f.Incident == "" || f.Incident == p.Incident) && (f.Person == "" || f.Person == p.Person) &&
			(len(f.States) == 0 || slices.Contains(f.States, p.State)) && (!f.Open || p.Answered.IsZero()) &&
			!p.Due.Before(f.From) && (f.Until.IsZero() || p.Due.Before(f.Until))
		if fits {
			fit = append(fit, p)
		}
	}
	return page(fit, f.After, f.Limit)
}

// Woken returns what the noise report has to know of incidents, in the order
// in which they were put.
func (s *Store) Woken(_ context.Context, from, until time.Time) ([]incident.Woken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	var out []incident.Woken
	for _, number := range s.order {
		i := s.incidents[number]
		opened := i.Stamp(incident.TriggeredAt)
		w, counts := incident.WokenBy(i)
		if !counts || opened.Before(from) || !opened.Before(until) {
			continue
		}
		for _, p := range s.pages {
			if p.Incident == number && !p.Sent.IsZero() {
				w.Pages = append(w.Pages, incident.HandedPage{Person: p.Person, At: p.Sent})
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// Reply returns what was kept of a reply.
func (s *Store) Reply(_ context.Context, id string) (store.Reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.replies[id]
	if s.down == nil && !ok {
		return r, incident.Errorf(incident.NotFound, "look a reply up: no rows")
	}
	return r, s.down
}

// KeepReply keeps a reply.
func (s *Store) KeepReply(_ context.Context, r store.Reply) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.replies == nil {
		s.replies = map[string]store.Reply{}
	}
	if s.down == nil {
		s.replies[r.ID] = r
	}
	return s.down
}

// Receipt remembers a receipt and returns the attempts with its reference.
func (s *Store) Receipt(_ context.Context, r store.Receipt) ([]activities.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	var out []activities.Attempt
	for _, a := range s.attempts {
		if a.Reference == r.Reference {
			out = append(out, a)
		}
	}
	if len(out) == 0 {
		return nil, incident.Errorf(incident.NotFound, "note a receipt: no rows")
	}
	s.receipts = append(s.receipts, r)
	return out, nil
}

// Receipts returns what was noted.
func (s *Store) Receipts() []store.Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.receipts)
}

// Attempts lists the attempts at effects of an incident.
func (s *Store) Attempts(_ context.Context, number string) ([]activities.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []activities.Attempt
	for _, a := range s.attempts {
		if a.Incident == number {
			out = append(out, a)
		}
	}
	return out, s.down
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

// TokenByHash looks a token up.
func (s *Store) TokenByHash(ctx context.Context, hash string) (store.Token, error) {
	if err := s.wait(ctx); err != nil {
		return store.Token{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookUps++
	if s.down != nil {
		return store.Token{}, s.down
	}
	for _, t := range s.tokens {
		if t.Hash == hash {
			return t, nil
		}
	}
	return store.Token{}, incident.Errorf(incident.NotFound, "look a token up: no rows")
}

// CreateToken keeps a token.
func (s *Store) CreateToken(_ context.Context, t store.Token) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down == nil {
		s.tokens = append(s.tokens, t)
	}
	return s.down
}

// Tokens lists the tokens.
func (s *Store) Tokens(context.Context, store.TokenFilter) ([]store.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.tokens), s.down
}

// RevokeToken ends a token.
func (s *Store) RevokeToken(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.tokens {
		if s.tokens[n].ID == id {
			s.tokens[n].Revoked = time.Unix(1, 0)
			return s.down
		}
	}
	return incident.Errorf(incident.NotFound, "revoke a token: there is no %s", id)
}

// RotateToken ends a token at a time and keeps the one in its place.
func (s *Store) RotateToken(_ context.Context, t store.Token, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n := range s.tokens {
		if s.tokens[n].ID == t.Replaces {
			s.tokens[n].Expires = until
			s.tokens = append(s.tokens, t)
			return s.down
		}
	}
	return incident.Errorf(incident.NotFound, "there is no token %s that still works", t.Replaces)
}

// TouchToken remembers when a token was last used.
func (s *Store) TouchToken(ctx context.Context, id string, at time.Time) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.touches++
	for n := range s.tokens {
		if s.tokens[n].ID == id && s.down == nil {
			s.tokens[n].LastUsed = at
		}
	}
	return s.down
}

// TokenTouches says how often a use of a token was to be remembered.
func (s *Store) TokenTouches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.touches
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
