package apitest

import (
	"context"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// Pages lists the pages that a filter lets through.
func (s *Store) Pages(_ context.Context, f store.PageFilter) ([]store.Page, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, "", s.down
	}
	s.looks++
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

// Receipt stamps the attempts with a receipt's reference, and returns them.
func (s *Store) Receipt(_ context.Context, r store.Receipt) ([]activities.Attempt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down != nil {
		return nil, s.down
	}
	var out []activities.Attempt
	for n := range s.attempts {
		a := &s.attempts[n]
		if a.Reference == r.Reference {
			if a.Receipt != store.Delivered {
				a.Receipt, a.Receipted = r.State, r.At
			}
			out = append(out, *a)
		}
	}
	if len(out) == 0 {
		s.strays++
		return nil, incident.Errorf(incident.NotFound, "note a receipt: no rows")
	}
	s.receipts = append(s.receipts, r)
	return out, nil
}

// Looks counts how often pages were looked for.
func (s *Store) Looks() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.looks
}

// Strays counts how often a receipt was of no attempt.
func (s *Store) Strays() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.strays
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
