package api

import (
	"cmp"
	"context"
	"crypto/subtle"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// identity is whose token it is.
type identity struct {
	token store.Token
}

func (i identity) person() bool { return i.token.Kind == string(incident.APerson) }

// actor returns who is named on the timeline.
func (i identity) actor() incident.Actor {
	return incident.Actor{Kind: incident.ActorKind(i.token.Kind), ID: i.token.Owner}
}

// mayFeed refuses a key that is bound to another source.
func (i identity) mayFeed(source string) error {
	if bound := i.token.Source; bound != "" && bound != source {
		return incident.Errorf(incident.Forbidden, "this key is bound to the source %s", bound)
	}
	return nil
}

func (i identity) has(scope string) bool {
	return scope == "" || slices.Contains(i.token.Scopes, scope) || slices.Contains(i.token.Scopes, ScopeAdmin)
}

const (
	// tokenFresh is how long the store's word on a token is not asked for
	// again: so long a revoked token goes on working.
	tokenFresh = 10 * time.Second
	// tokenStale is for how long a known token works while the store is away.
	tokenStale = 24 * time.Hour
	// touchEvery is how exactly the store knows when a token was last used.
	touchEvery = time.Hour
	// maxTokens bounds how many tokens are remembered.
	maxTokens = 10_000
)

// keyHeader carries a key for senders that can set nothing else.
const keyHeader = "X-Tocsin-Key"

// auth knows tokens by their hashes. It remembers what the store said, so
// that people can acknowledge while the database is away.
type auth struct {
	tokens Tokens
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	known map[string]knownToken
}

type knownToken struct {
	token store.Token
	asked time.Time
	// used is the last use that the store was told of.
	used time.Time
}

func newAuth(tokens Tokens, now func() time.Time, log *slog.Logger) *auth {
	return &auth{tokens: tokens, now: now, log: log, known: map[string]knownToken{}}
}

// identify returns whose token a request carries. Its error is of kind
// Unauthenticated, or Unavailable when the store is away and the token is not
// remembered.
func (a *auth) identify(r *http.Request, basic bool) (identity, error) {
	text := bearer(r)
	if text == "" && basic {
		_, text, _ = r.BasicAuth()
		text = cmp.Or(text, r.Header.Get(keyHeader))
	}
	if text == "" {
		return identity{}, incident.Errorf(incident.Unauthenticated, "send a token: Authorization: Bearer toc_...")
	}
	token, err := a.lookUp(r.Context(), HashToken(text))
	if err != nil {
		return identity{}, err
	}
	if !token.Valid(a.now()) {
		return identity{}, incident.Errorf(incident.Unauthenticated, "the token has expired or was revoked: ask for a new one")
	}
	if a.using(token) {
		go a.touch(context.WithoutCancel(r.Context()), token.ID, a.now())
	}
	return identity{token}, nil
}

// using reports whether the store is to be told that a token is in use.
func (a *auth) using(token store.Token) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.known[token.Hash]
	if !ok || a.now().Sub(k.used) < touchEvery {
		return false
	}
	k.used = a.now()
	a.known[token.Hash] = k
	return true
}

// touch tells the store beside the request, which does not wait for it.
func (a *auth) touch(ctx context.Context, id string, at time.Time) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := a.tokens.TouchToken(ctx, id, at); err != nil {
		a.log.Warn("the use of a token was not noted", "token", id, "error", err)
	}
}

func bearer(r *http.Request) string {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(text)
}

func (a *auth) lookUp(ctx context.Context, hash string) (store.Token, error) {
	remembered, ok := a.recall(hash)
	if ok && a.now().Sub(remembered.asked) < tokenFresh {
		return remembered.token, nil
	}
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	token, err := a.tokens.TokenByHash(ctx, hash)
	switch {
	case err == nil && subtle.ConstantTimeCompare([]byte(token.Hash), []byte(hash)) == 1:
		a.remember(hash, token)
		return token, nil
	case err == nil, incident.KindOf(err) == incident.NotFound:
		a.forget(hash)
		return store.Token{}, incident.Errorf(incident.Unauthenticated, "the token is not known: ask for a new one")
	case ok && a.now().Sub(remembered.asked) < tokenStale:
		return remembered.token, nil
	}
	return store.Token{}, incident.Errorf(incident.Unavailable, "look a token up: %w", err)
}

// revoked reports whether the token of somebody who was let in has ended.
func (a *auth) revoked(ctx context.Context, i identity) bool {
	token, err := a.lookUp(ctx, i.token.Hash)
	return incident.KindOf(err) == incident.Unauthenticated || err == nil && !token.Valid(a.now())
}

func (a *auth) recall(hash string) (knownToken, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.known[hash]
	return k, ok
}

func (a *auth) remember(hash string, token store.Token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for other := range a.known { // any of them: this many never fit a real house
		if len(a.known) < maxTokens {
			break
		}
		delete(a.known, other)
	}
	used := token.LastUsed
	if told := a.known[hash].used; told.After(used) {
		used = told
	}
	a.known[hash] = knownToken{token: token, asked: a.now(), used: used}
}

func (a *auth) forget(hash string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.known, hash)
}

// forgetID makes the revocation of a token count here at once.
func (a *auth) forgetID(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for hash, k := range a.known {
		if k.token.ID == id {
			delete(a.known, hash)
		}
	}
}
