package intaketest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/catalog"
)

// PutSilence keeps a silence, instead of the one of its id.
func (s *Store) PutSilence(v catalog.Silence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.silences[v.ID] = v
}

// Suppressing implements intake.Store.
func (s *Store) Suppressing(context.Context) ([]catalog.Silence, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []catalog.Silence
	for _, list := range s.facts {
		for _, f := range list {
			known := slices.ContainsFunc(out, func(o catalog.Silence) bool { return o.ID == f.suppressed })
			if f.suppressed != "" && f.firing() && !known {
				one := s.silences[f.suppressed]
				one.ID = f.suppressed
				out = append(out, one)
			}
		}
	}
	return out, nil
}

// SuppressedBy implements intake.Store.
func (s *Store) SuppressedBy(_ context.Context, silence string, limit int) ([]alerts.Alert, error) {
	leave, err := s.enter()
	if err != nil {
		return nil, err
	}
	defer leave()
	var out []alerts.Alert
	for _, list := range s.facts {
		for _, f := range list {
			if f.suppressed == silence && f.firing() {
				out = append(out, f.alert)
			}
		}
	}
	slices.SortFunc(out, func(a, b alerts.Alert) int { return strings.Compare(a.Fingerprint, b.Fingerprint) })
	return out[:min(len(out), limit)], nil
}

// Unsuppress implements intake.Store.
func (s *Store) Unsuppress(_ context.Context, silence string, fingerprints []string, before time.Time) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	for _, list := range s.facts {
		for print, f := range list {
			if f.suppressed == silence && f.last.Before(before) && slices.Contains(fingerprints, print) {
				f.suppressed = ""
				list[print] = f
			}
		}
	}
	return nil
}
