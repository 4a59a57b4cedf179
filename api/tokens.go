package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// GetMe says whose token it is.
func (s *server) GetMe(ctx context.Context, _ gen.GetMeRequestObject) (gen.GetMeResponseObject, error) {
	who := callerOf(ctx).identity
	out := gen.GetMe200JSONResponse{
		Kind: who.token.Kind, Id: who.token.Owner, Scopes: orEmpty(who.token.Scopes), ExpiresAt: who.token.Expires,
	}
	if c, err := s.Catalogs.Current(ctx); err == nil && who.person() {
		p, _ := c.Person(who.token.Owner)
		out.Name = p.Name
	}
	return out, nil
}

// ListTokens lists the tokens.
func (s *server) ListTokens(ctx context.Context, r gen.ListTokensRequestObject) (gen.ListTokensResponseObject, error) {
	list, err := s.Store.Tokens(ctx, store.TokenFilter{
		Kind: string(r.Params.Kind), Owner: meant(ctx, r.Params.Subject), Valid: r.Params.Valid,
	})
	if err != nil {
		return nil, err
	}
	return gen.ListTokens200JSONResponse{Tokens: each(list, func(t store.Token) gen.Token {
		return gen.Token{
			Id: t.ID, Kind: t.Kind, Subject: t.Owner, Name: t.Name, Scopes: orEmpty(t.Scopes),
			CreatedAt: t.Created, ExpiresAt: t.Expires, RevokedAt: t.Revoked, LastUsedAt: t.LastUsed,
			Source: t.Source, Service: t.Service, Replaces: t.Replaces,
		}
	})}, nil
}

// CreateToken makes a token and shows it once.
func (s *server) CreateToken(ctx context.Context, r gen.CreateTokenRequestObject) (gen.CreateTokenResponseObject, error) {
	order := *r.Body
	if err := s.checkOrder(ctx, order); err != nil {
		return nil, err
	}
	text := MintToken()
	token := store.Token{
		ID: uuid.NewString(), Hash: HashToken(text), Kind: order.Kind, Owner: order.Subject, Name: order.Name,
		Scopes: order.Scopes, Created: s.Now().UTC(), Expires: order.ExpiresAt, Source: order.Source, Service: order.Service,
	}
	if err := s.Store.CreateToken(ctx, token); err != nil {
		return nil, err
	}
	by := callerOf(ctx).identity.token.Owner
	s.Log.Info("token created", "token", token.ID, "kind", token.Kind, "owner", token.Owner, "scopes", token.Scopes, "by", by)
	return gen.CreateToken201JSONResponse{Token: text, Id: token.ID}, nil
}

// checkOrder refuses a token for nobody, and one that could never be used.
func (s *server) checkOrder(ctx context.Context, order gen.TokenOrder) error {
	c, err := s.catalog(ctx)
	if err != nil {
		return err
	}
	_, known := c.Machine(order.Subject)
	if order.Kind == string(incident.APerson) {
		_, known = c.Person(order.Subject)
	}
	machine := order.Kind == string(incident.AMachine)
	if err := checkBound(c, order); err != nil {
		return err
	}
	switch {
	case !known:
		return &fieldError{field: "subject", message: "there is no such " + order.Kind + " in the catalog"}
	case !order.ExpiresAt.IsZero() && !order.ExpiresAt.After(s.Now()):
		return &fieldError{field: "expires_at", message: "lies in the past"}
	case machine && slices.Contains(order.Scopes, ScopeAdmin):
		return &fieldError{field: "scopes", message: "a machine cannot be an administrator"}
	}
	return nil
}

// checkBound refuses a token that is bound to what does not exist, or that may
// do more than send.
func checkBound(c *catalog.Catalog, order gen.TokenOrder) error {
	_, known := c.Service(order.Service)
	sends := order.Kind == string(incident.AMachine) && slices.Equal(order.Scopes, []string{ScopeAlerts})
	switch {
	case order.Source == "" && order.Service == "":
		return nil
	case order.Source == "":
		return &fieldError{field: "source", message: "must be set for a token that is bound to a service"}
	case !sends:
		return &fieldError{field: "source", message: "is for a machine whose only scope is " + ScopeAlerts}
	case order.Service != "" && !known:
		return &fieldError{field: "service", message: "there is no such service in the catalog"}
	}
	return nil
}

// defaultOverlap is for how long a rotated token works on.
const defaultOverlap = 24 * time.Hour

// RotateToken replaces a token by one that may do the same, and shows it once.
func (s *server) RotateToken(ctx context.Context, r gen.RotateTokenRequestObject) (gen.RotateTokenResponseObject, error) {
	list, err := s.Store.Tokens(ctx, store.TokenFilter{})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(t store.Token) bool { return t.ID == r.Id })
	if i < 0 || !list[i].Valid(s.Now()) {
		return nil, incident.Errorf(incident.NotFound, "there is no token %s that still works", r.Id)
	}
	overlap := cmp.Or(time.Duration(r.Body.OverlapHours)*time.Hour, defaultOverlap)
	text, now := MintToken(), s.Now().UTC()
	token := list[i]
	token.ID, token.Hash, token.Replaces, token.Created = uuid.NewString(), HashToken(text), r.Id, now
	token.LastUsed = time.Time{}
	if err := s.Store.RotateToken(ctx, token, now.Add(overlap)); err != nil {
		return nil, err
	}
	s.auth.forgetID(r.Id)
	s.Log.Info("token rotated", "token", token.ID, "replaces", r.Id, "overlap", overlap, "by", callerOf(ctx).identity.owner())
	return gen.RotateToken201JSONResponse{Token: text, Id: token.ID}, nil
}

// RevokeToken ends a token.
func (s *server) RevokeToken(ctx context.Context, r gen.RevokeTokenRequestObject) (gen.RevokeTokenResponseObject, error) {
	if err := s.Store.RevokeToken(ctx, r.Id); err != nil {
		return nil, err
	}
	s.auth.forgetID(r.Id)
	s.Log.Info("token revoked", "token", r.Id, "by", callerOf(ctx).identity.token.Owner)
	return gen.RevokeToken204Response{}, nil
}

// TestPage pages somebody by every contact method.
func (s *server) TestPage(ctx context.Context, r gen.TestPageRequestObject) (gen.TestPageResponseObject, error) {
	if s.Pager == nil {
		return nil, incident.Errorf(incident.NotFound, "this process cannot send pages")
	}
	who := callerOf(ctx).identity
	person := orZero(r.Body).Person
	if person == "" || person == "me" {
		person = who.token.Owner
	}
	if person != who.token.Owner && !who.has(ScopeAdmin) {
		return nil, incident.Errorf(incident.Forbidden, "paging somebody else as a test takes the scope %q", ScopeAdmin)
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := c.Person(person); !ok {
		return nil, incident.Errorf(incident.NotFound, "there is no such person in the catalog")
	}
	results, err := s.Pager.TestPage(ctx, person, who.token.Owner)
	if err != nil {
		return nil, err
	}
	return gen.TestPage200JSONResponse{Person: person, Contacts: each(results, func(c ContactResult) gen.ContactResult {
		return gen.ContactResult{Contact: c.Contact, Kind: c.Kind, HandedOver: c.Error == "", Error: c.Error}
	})}, nil
}
