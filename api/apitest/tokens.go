package apitest

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// TokenLookUps says how often a token was asked for.
func (s *Store) TokenLookUps() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lookUps
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
func (s *Store) Tokens(_ context.Context, f store.TokenFilter) ([]store.Token, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var fit []store.Token
	for _, t := range s.tokens {
		if (f.Kind == "" || f.Kind == t.Kind) && (f.Owner == "" || f.Owner == t.Owner) && (!f.Valid || t.Valid(time.Now())) {
			fit = append(fit, t)
		}
	}
	return fit, s.down
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
