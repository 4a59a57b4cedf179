package api

import (
	"context"

	"github.com/tocsinhq/tocsin/api/gen"
	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/oncall"
)

// Acknowledge takes the incident for a person. It is answered with 202 when it
// was left for the incident to read.
func (s *server) Acknowledge(ctx context.Context, r gen.AcknowledgeRequestObject) (gen.AcknowledgeResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "acknowledge", r.Params.IdempotencyKey, orZero(r.Body)})
	switch {
	case err != nil:
		return nil, err
	case out.Text == incident.Accepted:
		return gen.Acknowledge202JSONResponse(out), nil
	}
	return gen.Acknowledge200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Decline says that a paged person cannot take it.
func (s *server) Decline(ctx context.Context, r gen.DeclineRequestObject) (gen.DeclineResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "decline", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Decline200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Snooze takes the incident and lets the caller rest until a time.
func (s *server) Snooze(ctx context.Context, r gen.SnoozeRequestObject) (gen.SnoozeResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, incident.SnoozeCommand, r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Snooze200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// GiveFeedback says whether the incident asked for anything to be done.
func (s *server) GiveFeedback(ctx context.Context, r gen.GiveFeedbackRequestObject) (gen.GiveFeedbackResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, incident.FeedbackCommand, r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.GiveFeedback200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Escalate begins the next level at once.
func (s *server) Escalate(ctx context.Context, r gen.EscalateRequestObject) (gen.EscalateResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "escalate", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Escalate200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// Reassign offers the incident to somebody else.
func (s *server) Reassign(ctx context.Context, r gen.ReassignRequestObject) (gen.ReassignResponseObject, error) {
	if err := s.known(ctx, "to", r.Body.To); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, order{r.Number, "reassign", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.Reassign200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// AssignRole offers a role to a person.
func (s *server) AssignRole(ctx context.Context, r gen.AssignRoleRequestObject) (gen.AssignRoleResponseObject, error) {
	if err := s.known(ctx, "person", oncall.Target{Person: r.Body.Person}); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, order{r.Number, "assign-role", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.AssignRole200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// AcceptRole takes a role that is offered or looked for.
func (s *server) AcceptRole(ctx context.Context, r gen.AcceptRoleRequestObject) (gen.AcceptRoleResponseObject, error) {
	out, err := s.command(ctx, order{r.Number, "accept-role", r.Params.IdempotencyKey, incident.AcceptRole{Role: r.Role}})
	if err != nil {
		return nil, err
	}
	return gen.AcceptRole200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// AddResponder pages one more person or team.
func (s *server) AddResponder(ctx context.Context, r gen.AddResponderRequestObject) (gen.AddResponderResponseObject, error) {
	if err := s.known(ctx, "target", r.Body.Target); err != nil {
		return nil, err
	}
	out, err := s.command(ctx, order{r.Number, "add-responder", r.Params.IdempotencyKey, *r.Body})
	if err != nil {
		return nil, err
	}
	return gen.AddResponder200JSONResponse{DoneJSONResponse: gen.DoneJSONResponse(out)}, nil
}

// known refuses a target that the catalog does not have. Without a catalog
// the incident has to find out.
func (s *server) known(ctx context.Context, field string, t oncall.Target) error {
	c, err := s.Catalogs.Current(ctx)
	if err != nil {
		return nil //nolint:nilerr // a command must not wait for the catalog
	}
	ok, what := true, ""
	switch {
	case t.Person != "":
		_, ok = c.Person(t.Person)
		what = "person " + t.Person
	case t.Team != "":
		_, ok = c.Team(t.Team)
		what = "team " + t.Team
	case t.Schedule != "":
		ok = hasRotation(c, t)
		what = "schedule " + t.Schedule
	case t.Rotation != "":
		ok = hasRotation(c, t)
		what = "rotation " + t.Rotation
	}
	if !ok {
		return &fieldError{field: field, message: "there is no " + what + " in the catalog"}
	}
	return nil
}

func hasRotation(c *catalog.Catalog, t oncall.Target) bool {
	id, rotation := t.ScheduleRotation()
	schedule, _ := c.Schedule(id)
	_, ok := schedule.Rotation(rotation)
	return ok
}

// orZero returns what an optional body says.
func orZero[T any](body *T) T {
	if body == nil {
		var zero T
		return zero
	}
	return *body
}
