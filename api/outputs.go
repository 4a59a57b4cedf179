package api

import (
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/store"
)

// ListOutputs lists what the runs of an incident brought to light.
func (s *server) ListOutputs(ctx context.Context, r gen.ListOutputsRequestObject) (gen.ListOutputsResponseObject, error) {
	if _, err := s.read(ctx, r.Number); err != nil {
		return nil, err
	}
	limit := r.Params.Limit
	if r.Params.Run != "" {
		limit = store.MaxOutputs // those of one run may be the first of all
	}
	list, err := s.Evidence.Outputs(ctx, r.Number, limit)
	if err != nil {
		return nil, err
	}
	out := []incident.Output{}
	for _, o := range list {
		if fits(r.Params.Run, incident.Run{ID: o.Run}.Short()) {
			out = append(out, o)
		}
	}
	if limit := r.Params.Limit; limit > 0 {
		out = out[:min(len(out), limit)]
	}
	return gen.ListOutputs200JSONResponse{Outputs: out}, nil
}

// GetOutput returns one output.
func (s *server) GetOutput(ctx context.Context, r gen.GetOutputRequestObject) (gen.GetOutputResponseObject, error) {
	if _, err := s.read(ctx, r.Number); err != nil {
		return nil, err
	}
	o, err := s.Evidence.Output(ctx, r.Number, r.Output)
	if incident.KindOf(err) == incident.NotFound {
		return nil, incident.Errorf(incident.NotFound, "%s has no output %s", r.Number, r.Output)
	}
	return gen.GetOutput200JSONResponse(o), err
}

// RedactOutput removes the title and the text of an output.
func (s *server) RedactOutput(ctx context.Context, r gen.RedactOutputRequestObject) (gen.RedactOutputResponseObject, error) {
	i, err := s.read(ctx, r.Number)
	if err != nil {
		return nil, err
	}
	by := callerOf(ctx).identity.actor()
	if !mayRedact(s.standings(ctx, by, i)) {
		return nil, incident.Errorf(incident.Forbidden, "only a lead of the owning team or an administrator may redact")
	}
	if err := s.Evidence.RedactOutput(ctx, r.Number, r.Output, by.ID, r.Body.Reason); err != nil {
		return nil, err
	}
	s.Log.Info("output redacted", "incident", r.Number, "output", r.Output, "by", by.ID)
	return gen.RedactOutput204Response{}, nil
}
