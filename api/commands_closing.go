package api

import (
	"context"
	"maps"
	"slices"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// AddFollowUp adds a task that closing waits for.
func (s *server) AddFollowUp(ctx context.Context, r gen.AddFollowUpRequestObject) (gen.AddFollowUpResponseObject, error) {
	if err := s.known(ctx, "owner", oncall.Target{Person: r.Body.Owner}); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, order{r.Number, "add-follow-up", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.AddFollowUp200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// CompleteFollowUp says that a task is done.
func (s *server) CompleteFollowUp(ctx context.Context, r gen.CompleteFollowUpRequestObject) (gen.CompleteFollowUpResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "complete-follow-up", r.Params.IdempotencyKey, incident.CompleteFollowUp{ID: r.Id, Text: orZero(r.Body).Text}})
	if err != nil {
		return nil, err
	}
	return gen.CompleteFollowUp200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// WaiveFollowUp lets the incident close without a task.
func (s *server) WaiveFollowUp(ctx context.Context, r gen.WaiveFollowUpRequestObject) (gen.WaiveFollowUpResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "waive-follow-up", r.Params.IdempotencyKey, incident.WaiveFollowUp{ID: r.Id, Reason: r.Body.Reason}})
	if err != nil {
		return nil, err
	}
	return gen.WaiveFollowUp200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// ConfirmCollected says that all follow-ups are written down.
func (s *server) ConfirmCollected(ctx context.Context, r gen.ConfirmCollectedRequestObject) (gen.ConfirmCollectedResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "confirm-collected", r.Params.IdempotencyKey, incident.ConfirmCollected{}})
	if err != nil {
		return nil, err
	}
	return gen.ConfirmCollected200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Close asks for closing now.
func (s *server) Close(ctx context.Context, r gen.CloseRequestObject) (gen.CloseResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "close", r.Params.IdempotencyKey, incident.Close{}})
	if err != nil {
		return nil, err
	}
	return gen.Close200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// StartRun runs a runbook. What the request leaves out is as the service's
// catalog entry offers it, and else as the runbook's defaults say.
func (s *server) StartRun(ctx context.Context, r gen.StartRunRequestObject) (gen.StartRunResponseObject, error) {
	n := slices.IndexFunc(s.Runbooks, func(b Runbook) bool { return b.Name == r.Body.Name })
	if n < 0 {
		return nil, &fieldError{field: "name", message: "there is no runbook of this name"}
	}
	if complete := s.Runbooks[n].Complete; complete != nil {
		params := s.offered(ctx, r.Number, r.Body.Name)
		maps.Copy(params, r.Body.Params)
		full, err := complete(params)
		if err != nil {
			return nil, err
		}
		r.Body.Params = full
	}
	out, err := s.command(ctx, order{r.Number, "start-run", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.StartRun200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// offered returns the parameters with which the incident offers a runbook, as
// far as they are known: a store that is away keeps nobody from mitigating.
func (s *server) offered(ctx context.Context, number, name string) map[string]string {
	params := map[string]string{}
	seen := s.glance(ctx, number)
	if seen.incident == nil {
		return params
	}
	for _, b := range seen.incident.Runbooks {
		if b.Name == name {
			maps.Copy(params, b.Params)
		}
	}
	return params
}

// AnswerQuestion answers a question or an approval of a runbook.
func (s *server) AnswerQuestion(ctx context.Context, r gen.AnswerQuestionRequestObject) (gen.AnswerQuestionResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "answer", r.Params.IdempotencyKey, incident.Answer{Question: r.Question, Choice: r.Body.Choice, Reason: r.Body.Reason}})
	if err != nil {
		return nil, err
	}
	return gen.AnswerQuestion200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}
