package api

import (
	"context"

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

// AnswerQuestion answers a question or an approval of a runbook.
func (s *server) AnswerQuestion(ctx context.Context, r gen.AnswerQuestionRequestObject) (gen.AnswerQuestionResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "answer", r.Params.IdempotencyKey, incident.Answer{Question: r.Question, Choice: r.Body.Choice, Reason: r.Body.Reason}})
	if err != nil {
		return nil, err
	}
	return gen.AnswerQuestion200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}
