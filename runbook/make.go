package runbook

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

const (
	// outcomeWithin is how long a person has to say whether a change happened.
	outcomeWithin = 30 * time.Minute
	// lookAgainWithin is how long a change that can be looked at is tried again.
	lookAgainWithin = 2 * time.Minute
)

// make makes a change until it is known whether it happened, by a person's word
// if need be. Who calls it has seen that it is not done already. Made is true
// when it happened or may have: a try that changed nothing, or found it done,
// says nothing of those before it.
func (r *run) make(ctx workflow.Context, c Change, key string) (made bool, err error) {
	steady, _ := workflow.NewDisconnectedContext(ctx)
	maybe := false
	for look := false; ; look = true {
		made, err := r.try(steady, c, key, look)
		maybe = maybe || made
		if err == nil || nothingChanged(err) && !maybe {
			return maybe, err
		}
		maybe = true
		const again, happened, didNot = "try again", "it happened", "it did not"
		text := fmt.Sprintf("Nobody can tell whether this happened: %s (%s). Look, and say.", c.Call, err)
		// Another branch that failed is no reason not to ask.
		answer, askErr := r.ask(steady, Question{Text: text, Choices: []string{again, happened, didNot}}, outcomeWithin)
		switch {
		case answer.Choice == happened: // also of a run that is aborted at that moment
			return true, nil
		case answer.Choice == didNot:
			return false, err
		case askErr != nil:
			return true, fmt.Errorf("its outcome is unknown (%s): %w", err.Error(), askErr)
		case answer.Choice == "":
			return true, fmt.Errorf("its outcome is unknown: %w", err)
		}
	}
}

// try makes a change as its repeat allows, which may be to look before. After an
// error that nothingChanged does not know, its outcome is unknown.
func (r *run) try(ctx workflow.Context, c Change, key string, look bool) (made bool, err error) {
	switch c.Repeat {
	case ByKey:
		err = called(repeating(ctx, c.Pace, c.Call.String()), c.Call, key)
	case CheckThenAct:
		return r.checkThenAct(ctx, c, key, look)
	default:
		err = called(once(ctx, c.Pace, c.Call.String()), c.Call, key)
	}
	return err == nil, err
}

// called makes a call. After a panic nobody knows whether it took effect.
func called(ctx workflow.Context, c Call, key string) error {
	return contained(func() error { return c.Make(ctx, key) })
}

// done reports whether a change that can be looked at has taken effect.
func (r *run) done(ctx workflow.Context, c Change) (bool, error) {
	if c.Repeat != CheckThenAct {
		return false, nil
	}
	found, err := r.read(ctx, c.Done.Of)
	if err != nil {
		return false, incident.Errorf(incident.Permanent, "%s cannot be read: %w", c.Done.Of, err)
	}
	return found == c.Done.Is, nil
}

// checkThenAct looks before each further try whether the change has taken effect.
// What had taken effect before the first is not this run's doing.
func (r *run) checkThenAct(ctx workflow.Context, c Change, key string, look bool) (made bool, err error) {
	until := workflow.Now(ctx).Add(lookAgainWithin)
	for pause := time.Second; ; pause = min(2*pause, 15*time.Second) {
		var done bool
		var lookErr error
		if look {
			done, lookErr = r.done(ctx, c)
		}
		switch {
		case lookErr != nil && !made:
			return false, lookErr
		case done:
			return made, nil
		case made && !workflow.Now(ctx).Before(until):
			return true, err
		}
		if lookErr == nil {
			err = called(once(ctx, c.Pace, c.Call.String()), c.Call, key)
			if err == nil || nothingChanged(err) {
				return made || err == nil, err
			}
			made, look = true, true
		}
		if sleepErr := sleep(ctx, pause, "look again"); sleepErr != nil {
			return made, sleepErr
		}
	}
}

// nothingChanged reports whether the error of a call says that the world is as
// it was before.
func nothingChanged(err error) bool {
	switch incident.KindOf(err) {
	case incident.Invalid, incident.NotFound, incident.Forbidden,
		incident.Refused, incident.Conflict, incident.Permanent:
		return true
	default:
		return false
	}
}
