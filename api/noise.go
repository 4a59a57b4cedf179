package api

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// GetNoise ranks alert rules by how often they woke people for nothing.
func (s *server) GetNoise(ctx context.Context, r gen.GetNoiseRequestObject) (gen.GetNoiseResponseObject, error) {
	from, until := s.lookBack(r.Params.From, r.Params.Until, 7)
	if err := checkSpan(from, until); err != nil {
		return nil, err
	}
	c, err := s.catalog(ctx)
	if err != nil {
		return nil, err
	}
	woken, err := s.Store.Woken(ctx, from, until)
	if err != nil {
		return nil, err
	}
	zone := func(person string) *time.Location { return zoneOf(c, person) }
	return gen.GetNoise200JSONResponse(incident.Noise(from, until, woken, zone)), nil
}
