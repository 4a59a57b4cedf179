package workflows

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// listen sets every handler before the first wait, and starts to take in
// signals.
func (r *response) listen(ctx workflow.Context) error {
	if err := workflow.SetQueryHandler(ctx, StateQuery, func() (*incident.Incident, error) { return r.inc, nil }); err != nil {
		return err
	}
	for _, set := range []func() error{
		obey(ctx, r, incident.AcknowledgeCommand, (*incident.Incident).Acknowledge),
		obey(ctx, r, incident.SnoozeCommand, (*incident.Incident).Snooze),
		obey(ctx, r, incident.DeclineCommand, (*incident.Incident).Decline),
		obey(ctx, r, incident.EscalateCommand, (*incident.Incident).Escalate),
		obey(ctx, r, incident.ReassignCommand, (*incident.Incident).Reassign),
		obey(ctx, r, incident.ClassifyCommand, (*incident.Incident).Classify),
		obey(ctx, r, incident.AssignRoleCommand, (*incident.Incident).AssignRole),
		obey(ctx, r, incident.AcceptRoleCommand, (*incident.Incident).AcceptRole),
		obey(ctx, r, incident.AddResponderCommand, (*incident.Incident).AddResponder),
		obey(ctx, r, incident.FeedbackCommand, (*incident.Incident).GiveFeedback),
		obey(ctx, r, incident.NoteCommand, (*incident.Incident).Note),
		obey(ctx, r, incident.AddLinkCommand, (*incident.Incident).AddLink),
		obey(ctx, r, incident.SetStatusCommand, (*incident.Incident).SetStatus),
		obey(ctx, r, incident.SetCauseCommand, (*incident.Incident).SetCause),
		obey(ctx, r, incident.PostUpdateCommand, (*incident.Incident).PostUpdate),
		obey(ctx, r, incident.MitigateCommand, (*incident.Incident).Mitigate),
		obey(ctx, r, incident.ResolveCommand, (*incident.Incident).Resolve),
		obey(ctx, r, incident.ReopenCommand, (*incident.Incident).Reopen),
		obey(ctx, r, incident.CancelCommand, (*incident.Incident).Cancel),
		obey(ctx, r, incident.MergeCommand, (*incident.Incident).MergeInto),
		obey(ctx, r, incident.SplitCommand, (*incident.Incident).Split),
		obey(ctx, r, incident.CorrectStampCommand, (*incident.Incident).CorrectStamp),
		obey(ctx, r, incident.AddFollowUpCommand, (*incident.Incident).AddFollowUp),
		obey(ctx, r, incident.CompleteFollowUpCommand, (*incident.Incident).CompleteFollowUp),
		obey(ctx, r, incident.WaiveFollowUpCommand, (*incident.Incident).WaiveFollowUp),
		obey(ctx, r, incident.ConfirmCollectedCommand, (*incident.Incident).ConfirmCollected),
		obey(ctx, r, incident.CloseCommand, (*incident.Incident).Close),
		obey(ctx, r, incident.StartRunCommand, (*incident.Incident).StartRun),
		obey(ctx, r, incident.ControlRunCommand, (*incident.Incident).ControlRun),
		obey(ctx, r, incident.AnswerCommand, (*incident.Incident).Answer),
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
// applies it once a command id. It waits for nothing but the look-ups of the
// opening; a command that came so early is refused by its handler.
func obey[A any](ctx workflow.Context, r *response, name string, apply rule[A]) func() error {
	handle := func(ctx workflow.Context, c Command[A]) (incident.Outcome, error) {
		if err := r.whenLaidOut(ctx); err != nil {
			return incident.Outcome{}, err
		}
		return applyOnce(ctx, r, c, apply)
	}
	validate := func(ctx workflow.Context, c Command[A]) error {
		if _, known := r.state.answer(c.ID); known || !r.laidOut() {
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
