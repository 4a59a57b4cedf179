package api

import (
	"context"

	"github.com/tocsinhq/tocsin/alerts"
	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
)

// TestRoutes explains how alerts would be routed now.
func (s *server) TestRoutes(ctx context.Context, r gen.TestRoutesRequestObject) (gen.TestRoutesResponseObject, error) {
	delivery, err := alerts.ParseAny(*r.Body)
	if err != nil {
		return nil, err
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC()
	return gen.TestRoutes200JSONResponse{
		Version: c.Version, At: now,
		Decisions: each(delivery.Alerts, func(a alerts.Alert) catalog.Decision { return c.Explain(a, now) }),
	}, nil
}
