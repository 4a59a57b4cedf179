package api

import (
	"context"
	"strings"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
)

// Merge makes the incident a part of another one.
func (s *server) Merge(ctx context.Context, r gen.MergeRequestObject) (gen.MergeResponseObject, error) {
	if err := s.canTakeOver(ctx, r.Number, r.Body.Into); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, order{r.Number, incident.MergeCommand, r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Merge200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// canTakeOver refuses early what the other incident would refuse. It is that
// one's own word that counts: where the store is away, it has to find out.
func (s *server) canTakeOver(ctx context.Context, number, into string) error {
	if number == into {
		return &fieldError{field: "into", message: number + " cannot become part of itself"}
	}
	seen := s.glance(ctx, into)
	switch {
	case incident.KindOf(seen.err) == incident.NotFound && !s.opened(ctx, into):
		return &fieldError{field: "into", message: "there is no incident " + into}
	case seen.incident == nil || !seen.incident.Phase.Over():
		return nil
	case seen.incident.Into != "":
		return incident.Refusal(into+" is itself part of "+seen.incident.Into, "an incident that is not over, such as "+seen.incident.Into)
	}
	return incident.Refusal(into+" is "+string(seen.incident.Phase), "an incident that is not over")
}

// opened reports whether what is not recorded may be an incident all the same:
// one that was opened a moment ago, or without the store.
func (s *server) opened(ctx context.Context, number string) bool {
	ctx, cancel := context.WithTimeout(ctx, glancePatience)
	defer cancel()
	taken, err := s.Store.Taken(ctx, number)
	return taken || err != nil || strings.HasPrefix(number, incident.AwayPrefix)
}

// Split makes an incident of its own of some of the alerts.
func (s *server) Split(ctx context.Context, r gen.SplitRequestObject) (gen.SplitResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, incident.SplitCommand, r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Split200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}
