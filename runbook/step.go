package runbook

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// Call is one call that changes the world.
type Call interface {
	// String is the exact call, as a dry run and a question show it.
	String() string
	// Make makes the call and returns once it has taken effect. A repeat with
	// the same key changes nothing more. An error of kind Invalid, NotFound,
	// Forbidden, Refused, Conflict or Permanent says that nothing was changed;
	// after any other error nobody knows whether the call took effect. The
	// context outlives a cancelled run: what has begun is seen to its end.
	Make(ctx workflow.Context, key string) error
}

// Step is one named change.
type Step struct {
	// Name says what the step does: "roll back payments".
	Name string
	Do   Call
	// Undo takes the step back; nil says that nothing can.
	Undo Call
	// Safe says that Undo may be made without asking anybody.
	Safe bool
}

// fate is what became of a change.
type fate int

const (
	// stands: it was made, or may have been, and is still there.
	stands fate = iota
	// undone: it was made and taken back.
	undone
)

// change is a step that was made, or may have been.
type change struct {
	Step
	key  string
	fate fate
}

// outcomeWithin is how long a person has to say whether a change happened.
const outcomeWithin = 30 * time.Minute

// Do does one step, once: its call carries a key and is repeated while its
// outcome is unknown, and when it stays so a person is asked. On a dry run it
// only says what it would call. When a later verb fails, or the run is
// refused, the undo of each step done is offered in reverse order.
func Do(ctx workflow.Context, s Step) error {
	r := of(ctx)
	if err := r.stoppedBeforeChange(ctx); err != nil {
		return err
	}
	r.steps++
	if r.in.DryRun {
		r.describe(ctx, s)
		return r.stopped(ctx)
	}
	c := &change{Step: s, key: fmt.Sprintf("%s/step-%d", r.id, r.steps)}
	made, err := r.make(ctx, s.Do, c.key)
	if made {
		r.changes = append(r.changes, c)
	}
	if err != nil {
		r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("%s: failed: %s", s.Name, err)})
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("%s: done (%s)", s.Name, s.Do)})
	return r.stopped(ctx)
}

// describe lists the exact calls of a step.
func (r *run) describe(ctx workflow.Context, s Step) {
	if s.Undo == nil {
		r.note(ctx, "would call: %s; nothing undoes it", s.Do)
		return
	}
	r.note(ctx, "would call: %s; its undo would call: %s", s.Do, s.Undo)
}

// make makes a call until it is known whether it happened, by a person's word
// if need be. Made is true when it happened or may have.
func (r *run) make(ctx workflow.Context, call Call, key string) (made bool, err error) {
	steady, _ := workflow.NewDisconnectedContext(ctx)
	for {
		err := call.Make(steady, key)
		if err == nil || nothingChanged(err) {
			return err == nil, err
		}
		const again, happened, didNot = "try again", "it happened", "it did not"
		text := fmt.Sprintf("Nobody can tell whether this happened: %s (%s). Look, and say.", call, err)
		answer, askErr := r.ask(ctx, Question{Text: text, Choices: []string{again, happened, didNot}}, outcomeWithin)
		switch {
		case askErr != nil:
			return true, askErr
		case answer.Choice == happened:
			return true, nil
		case answer.Choice == didNot:
			return false, err
		case answer.Choice == "":
			return true, fmt.Errorf("its outcome is unknown: %w", err)
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

// names lists the changes that met a fate, the oldest first.
func (r *run) names(f fate) []string {
	var names []string
	for _, c := range r.changes {
		if c.fate == f {
			names = append(names, c.Name)
		}
	}
	return names
}
