package api

import (
	"context"
	"slices"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook/spec"
)

// ListRunbooks lists the runbooks, those of other repositories too.
func (s *server) ListRunbooks(context.Context, gen.ListRunbooksRequestObject) (gen.ListRunbooksResponseObject, error) {
	return gen.ListRunbooks200JSONResponse{Runbooks: each(s.Runbooks(), runbookOf)}, nil
}

func runbookOf(b spec.Served) gen.Runbook {
	out := gen.Runbook{
		Name: b.Name, About: b.About, Fits: b.Fits, Target: b.Target, Params: b.Params, Schema: b.Schema(), TaskQueue: b.Queue, HeardAt: b.Heard,
	}
	if b.Approval != nil {
		out.Approval = *b.Approval
	}
	if b.Limit != (spec.Limit{}) {
		out.Limit = b.Limit
	}
	return out
}

// serves reports whether incidents can start a runbook of this name.
func (s *server) serves(name string) bool {
	return slices.ContainsFunc(s.Runbooks(), func(b spec.Served) bool { return b.Name == name })
}

// StartRun runs a runbook. What the request leaves out is as the service's
// catalog entry offers it, or as the incident has it, and else as the runbook's
// defaults say; that is settled by the run. What cannot fit is refused here,
// unless the store is away: that keeps nobody from mitigating.
func (s *server) StartRun(ctx context.Context, r gen.StartRunRequestObject) (gen.StartRunResponseObject, error) {
	all := s.Runbooks()
	n := slices.IndexFunc(all, func(b spec.Served) bool { return b.Name == r.Body.Name })
	if n < 0 {
		return nil, &fieldError{field: "name", message: "there is no runbook of this name"}
	}
	if i := s.glance(ctx, r.Number).incident; i != nil {
		if _, err := all[n].Resolve(r.Body.Params, i.Offered(r.Body.Name), spec.FactsOf(i)); err != nil {
			return nil, err
		}
	}
	out, err := s.command(ctx, order{r.Number, "start-run", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.StartRun200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// ControlRun has a run pause, go on, skip what it waits for, or end.
func (s *server) ControlRun(ctx context.Context, r gen.ControlRunRequestObject) (gen.ControlRunResponseObject, error) {
	args := incident.ControlRun{Run: r.Run, Do: r.Body.Do, Reason: r.Body.Reason}
	out, err := s.command(ctx, order{r.Number, incident.ControlRunCommand, r.Params.IdempotencyKey, args})
	if err != nil {
		return nil, err
	}
	return gen.ControlRun200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}
