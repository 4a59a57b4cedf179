package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// The names of the updates, one a command.
const (
	Acknowledge      = "acknowledge"
	Decline          = "decline"
	Escalate         = "escalate"
	Reassign         = "reassign"
	Classify         = "classify"
	AssignRole       = "assign-role"
	AcceptRole       = "accept-role"
	AddResponder     = "add-responder"
	Note             = "note"
	AddLink          = "link"
	SetStatus        = "set-status"
	PostUpdate       = "post-update"
	Mitigate         = "mitigate"
	Resolve          = "resolve"
	Reopen           = "reopen"
	Cancel           = "cancel"
	CorrectStamp     = "correct-stamp"
	AddFollowUp      = "add-follow-up"
	CompleteFollowUp = "complete-follow-up"
	WaiveFollowUp    = "waive-follow-up"
	ConfirmCollected = "confirm-collected"
	Close            = "close"
	StartRun         = "start-run"
	Answer           = "answer"
)

// listen sets every handler before the first wait, and starts to take in
// signals.
func (r *response) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (*incident.Incident, error) { return r.inc, nil }); err != nil {
		return err
	}
	for _, set := range []func() error{
		obey(ctx, r, Acknowledge, (*incident.Incident).Acknowledge),
		obey(ctx, r, Decline, (*incident.Incident).Decline),
		obey(ctx, r, Escalate, (*incident.Incident).Escalate),
		obey(ctx, r, Reassign, (*incident.Incident).Reassign),
		obey(ctx, r, Classify, (*incident.Incident).Classify),
		obey(ctx, r, AssignRole, (*incident.Incident).AssignRole),
		obey(ctx, r, AcceptRole, (*incident.Incident).AcceptRole),
		obey(ctx, r, AddResponder, (*incident.Incident).AddResponder),
		obey(ctx, r, Note, (*incident.Incident).Note),
		obey(ctx, r, AddLink, (*incident.Incident).AddLink),
		obey(ctx, r, SetStatus, (*incident.Incident).SetStatus),
		obey(ctx, r, PostUpdate, (*incident.Incident).PostUpdate),
		obey(ctx, r, Mitigate, (*incident.Incident).Mitigate),
		obey(ctx, r, Resolve, (*incident.Incident).Resolve),
		obey(ctx, r, Reopen, (*incident.Incident).Reopen),
		obey(ctx, r, Cancel, (*incident.Incident).Cancel),
		obey(ctx, r, CorrectStamp, (*incident.Incident).CorrectStamp),
		obey(ctx, r, AddFollowUp, (*incident.Incident).AddFollowUp),
		obey(ctx, r, CompleteFollowUp, (*incident.Incident).CompleteFollowUp),
		obey(ctx, r, WaiveFollowUp, (*incident.Incident).WaiveFollowUp),
		obey(ctx, r, ConfirmCollected, (*incident.Incident).ConfirmCollected),
		obey(ctx, r, Close, (*incident.Incident).Close),
		obey(ctx, r, StartRun, (*incident.Incident).StartRun),
		obey(ctx, r, Answer, (*incident.Incident).Answer),
	} {
		if err := set(); err != nil {
			return err
		}
	}
	r.receive(ctx)
	return nil
}

// rule applies a command to an incident, or says why not.
type rule[A any] func(i *incident.Incident, h incident.Header, args A, now time.Time) (incident.Outcome, error)

// obey returns what sets the handler of one command. The validator tries the
// rule on a copy, so that a refusal leaves no trace in history; the handler
// applies it once a command id, and never blocks.
func obey[A any](ctx workflow.Context, r *response, name string, apply rule[A]) func() error {
	handle := func(ctx workflow.Context, c Command[A]) (incident.Outcome, error) {
		return applyOnce(ctx, r, c, apply)
	}
	validate := func(ctx workflow.Context, c Command[A]) error {
		if _, known := r.state.answer(c.ID); known {
			return nil
		}
		_, err := apply(r.inc.Clone(), c.Header, c.Args, workflow.Now(ctx)) //workflowcheck:ignore
		return refusal(err)
	}
	return func() error {
		err := workflow.SetUpdateHandlerWithOptions(ctx, name, handle, workflow.UpdateHandlerOptions{Validator: validate})
		if err != nil {
			return fmt.Errorf("command %s: %w", name, err)
		}
		return nil
	}
}

func applyOnce[A any](ctx workflow.Context, r *response, c Command[A], apply rule[A]) (incident.Outcome, error) {
	if out, known := r.state.answer(c.ID); known {
		return out, nil
	}
	out, err := apply(r.inc, c.Header, c.Args, workflow.Now(ctx))
	if err != nil {
		return incident.Outcome{}, refusal(err)
	}
	r.state.remember(c.ID, out)
	return out, nil
}

// refusal gives an error its kind as type, which is all that survives the way
// to the caller.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	known, ok := errors.AsType[*incident.Error](err)
	if !ok {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(known.Message, string(known.Kind), temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{known.Missing},
	})
}
