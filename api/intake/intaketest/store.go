// Package intaketest holds stand-ins for what the intake stands between: a
// store and an engine that keep the rules of the real ones in memory, can be
// away, and can be used by a process that dies at a chosen point.
package intaketest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

type slot struct{ service, key string }

type claim struct {
	service, team, key, title string
	storm, started            bool
	recurs                    string
	cleared                   int
	// listed and more count the firing alerts that are told by name and those
	// that are not.
	listed, more, truncated int
}

// Store is a store in memory; NewStore makes one.
type Store struct {
	mu      sync.Mutex
	next    int
	away    bool
	hanging bool
	calls   int
	reads   int
	claims  map[string]*claim
	held    map[slot]string
	last    map[slot]string
	// cleared counts the latest incidents that Clear has ended.
	cleared map[slot]int
	facts   map[slot]map[string]fact
	// wanted are the rows that are not accepted.
	wanted   map[int64]*store.Outbox
	outbox   int64
	born     map[string][]time.Time
	declared map[string]string
	gone     map[string]string
	noted    []string
	silences map[string]catalog.Silence
	// moment is that of the claim that is decided.
	moment time.Time
}

// NewStore returns an empty store whose first number is INC-1.
func NewStore() *Store {
	return &Store{
		claims: map[string]*claim{}, held: map[slot]string{}, last: map[slot]string{}, cleared: map[slot]int{},
		facts: map[slot]map[string]fact{}, born: map[string][]time.Time{},
		wanted: map[int64]*store.Outbox{}, declared: map[string]string{}, gone: map[string]string{},
		silences: map[string]catalog.Silence{},
	}
}

// SetAway makes every call fail, or succeed again.
func (s *Store) SetAway(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// SetHanging makes Claim wait until its context ends, or answer again.
func (s *Store) SetHanging(hanging bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging = hanging
}

// Claims is how many transactions of claims were made.
func (s *Store) Claims() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Reads is how often the open keys were read.
func (s *Store) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Adopt does what the first write of an incident does that was started while
// the store was away.
func (s *Store) Adopt(number, service, key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := (slot{service, key}); s.held[at] == "" {
		s.claims[number] = &claim{service: service, key: key, started: true}
		s.held[at], s.last[at] = number, number
	}
}

// enter locks the store, unless it is away.
func (s *Store) enter() (leave func(), err error) {
	s.mu.Lock()
	if s.away {
		s.mu.Unlock()
		return nil, incident.Errorf(incident.Unavailable, "the store is away")
	}
	return s.mu.Unlock, nil
}

func (s *Store) hangs() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hanging
}

// Claim implements intake.Store.
func (s *Store) Claim(ctx context.Context, claims []store.Claim) ([]store.Claimed, error) {
	if s.hangs() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	s.calls++
	out := make([]store.Claimed, 0, len(claims))
	for _, c := range claims {
		out = append(out, s.claim(c))
	}
	return out, nil
}

// Note implements intake.Store.
func (s *Store) Note(_ context.Context, claims []store.Claim) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	for _, c := range claims {
		for _, a := range c.Alerts {
			s.noted = append(s.noted, a.Fingerprint)
		}
	}
	return nil
}

// Noted lists the fingerprints of what was recorded and paged nobody.
func (s *Store) Noted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.noted)
}

// Release implements intake.Store. It is what an incident that is over does
// to its key too.
func (s *Store) Release(_ context.Context, number, _ string) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	for _, at := range s.free(number) {
		delete(s.cleared, at)
	}
	return nil
}

// Clear does what the last write of an incident does that paged somebody and
// then cleared by itself. Time does not pass here: it counts until another one
// ends otherwise.
func (s *Store) Clear(number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.free(number) {
		s.cleared[at]++
	}
}

// free takes its slots from an incident, and returns them.
func (s *Store) free(number string) []slot {
	var out []slot
	for at, holder := range s.held {
		if holder == number {
			delete(s.held, at)
			out = append(out, at)
		}
	}
	return out
}

// OpenKeys implements intake.Store.
func (s *Store) OpenKeys(context.Context) ([]store.OpenKey, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	s.reads++
	var out []store.OpenKey
	for at, number := range s.held {
		out = append(out, store.OpenKey{Service: at.service, Key: at.key, Number: number})
	}
	return out, nil
}

// Declare implements intake.Store.
func (s *Store) Declare(_ context.Context, d store.Declaration) (store.Claimed, error) {
	leave, err := s.enter()
	if err != nil {
		return store.Claimed{}, err
	}
	defer leave()
	if number, ok := s.declared[d.Request]; ok {
		return store.Claimed{Number: number}, nil
	}
	number := s.number()
	s.declared[d.Request] = number
	s.claims[number] = &claim{service: d.Service, team: d.Team, title: d.Title}
	return store.Claimed{Number: number, New: true}, nil
}
