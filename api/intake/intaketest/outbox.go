package intaketest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Pending is how many rows are wanted and not accepted.
func (s *Store) Pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.wanted)
}

// Gone returns why a number was marked as gone, or "".
func (s *Store) Gone(number string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone[number]
}

// Accept implements intake.Store.
func (s *Store) Accept(_ context.Context, outbox []int64) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	for _, id := range outbox {
		if row, ok := s.wanted[id]; ok {
			s.claims[row.Number].started = true
			delete(s.wanted, id)
		}
	}
	return nil
}

// Waiting implements intake.Store.
func (s *Store) Waiting(_ context.Context, olderThan time.Time, limit int) ([]store.Outbox, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	out := s.waiting(func(r *store.Outbox) bool { return r.At.Before(olderThan) })
	return out[:min(len(out), limit)], nil
}

// WaitingFor implements intake.Store.
func (s *Store) WaitingFor(_ context.Context, number string) ([]store.Outbox, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.waiting(func(r *store.Outbox) bool { return r.Number == number }), nil
}

func (s *Store) waiting(which func(*store.Outbox) bool) []store.Outbox {
	var out []store.Outbox
	for _, id := range slices.Sorted(maps.Keys(s.wanted)) {
		if row := *s.wanted[id]; which(&row) {
			row.Started = s.claims[row.Number].started
			out = append(out, row)
		}
	}
	return out
}

// Renumber implements intake.Store.
func (s *Store) Renumber(_ context.Context, old string) (string, error) {
	leave, err := s.enter()
	if err != nil {
		return "", err
	}
	defer leave()
	moved, ok := s.claims[old]
	if !ok {
		return "", incident.Errorf(incident.NotFound, "nobody claimed %s", old)
	}
	number := s.number()
	s.claims[number] = moved
	delete(s.claims, old)
	for _, names := range []map[slot]string{s.held, s.last} {
		for at, holder := range names {
			if holder == old {
				names[at] = number
			}
		}
	}
	for _, row := range s.wanted {
		if row.Number == old {
			row.Number = number
		}
	}
	return number, nil
}

// MarkGone implements intake.Store.
func (s *Store) MarkGone(_ context.Context, number, reason string) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	s.gone[number] = reason
	s.free(number)
	return nil
}

func (s *Store) number() string {
	s.next++
	return fmt.Sprintf("INC-%d", s.next)
}
