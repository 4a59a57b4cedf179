package api

import (
	"context"
	"time"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// GetNoise ranks alert rules by how often they woke people for nothing.
func (s *server) GetNoise(ctx context.Context, r gen.GetNoiseRequestObject) (gen.GetNoiseResponseObject, error) {
	until := r.Params.Until.UTC()
	if until.IsZero() {
		until = s.Now().UTC()
	}
	from := r.Params.From.UTC()
	if from.IsZero() {
		from = until.AddDate(0, 0, -7)
	}
	switch {
	case !until.After(from):
		return nil, &fieldError{field: "until", message: "must lie behind from"}
	case until.Sub(from) > maxSpan:
		return nil, &fieldError{field: "until", message: "lies more than 92 days behind from"}
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
