package api

import (
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
)

// Classify records what triage found.
func (s *server) Classify(ctx context.Context, r gen.ClassifyRequestObject) (gen.ClassifyResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "classify", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Classify200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// AddNote writes to the timeline.
func (s *server) AddNote(ctx context.Context, r gen.AddNoteRequestObject) (gen.AddNoteResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "note", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.AddNote200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// AddLink adds a titled link.
func (s *server) AddLink(ctx context.Context, r gen.AddLinkRequestObject) (gen.AddLinkResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "link", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.AddLink200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// SetCause says what may be the cause, or what it was.
func (s *server) SetCause(ctx context.Context, r gen.SetCauseRequestObject) (gen.SetCauseResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "set-cause", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.SetCause200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// SetStatus says what happens now and next.
func (s *server) SetStatus(ctx context.Context, r gen.SetStatusRequestObject) (gen.SetStatusResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "set-status", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.SetStatus200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// PostUpdate writes to the audiences.
func (s *server) PostUpdate(ctx context.Context, r gen.PostUpdateRequestObject) (gen.PostUpdateResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "post-update", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.PostUpdate200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Mitigate says that users are served again.
func (s *server) Mitigate(ctx context.Context, r gen.MitigateRequestObject) (gen.MitigateResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "mitigate", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Mitigate200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Resolve says that it is over.
func (s *server) Resolve(ctx context.Context, r gen.ResolveRequestObject) (gen.ResolveResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "resolve", r.Params.IdempotencyKey, orZero(r.Body)})
	if err != nil {
		return nil, err
	}
	return gen.Resolve200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Reopen goes back to mitigating.
func (s *server) Reopen(ctx context.Context, r gen.ReopenRequestObject) (gen.ReopenResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "reopen", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Reopen200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Cancel ends a false alarm.
func (s *server) Cancel(ctx context.Context, r gen.CancelRequestObject) (gen.CancelResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "cancel", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Cancel200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// CorrectStamp replaces the time of a clock.
func (s *server) CorrectStamp(ctx context.Context, r gen.CorrectStampRequestObject) (gen.CorrectStampResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "correct-stamp", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.CorrectStamp200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}
