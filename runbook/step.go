package runbook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Step is one named change, and the way back.
type Step struct {
	// Name says what the step does: "roll back payments".
	Name string
	Change
	// Undo takes the step back; nil says that nothing can.
	Undo *Change
	// Safe says that Undo may be made without asking anybody.
	Safe bool
	// Touches is how much the step affects; a runbook with a Limit needs it.
	Touches Touches
	// Degrades is the escape hatch that the step opens: the incident gets a
	// follow-up to restore it, asks about it when it expires, and is not resolved
	// before it is restored or waived. Its undo restores it.
	Degrades *Hatch
	// Restores is the ID of a hatch that the step closes.
	Restores string
}

// Touches is how much of what there is a step affects: 3 of 40 pods.
type Touches struct {
	Count, Of int
	What      string
}

// String is what it touches, as people are shown it.
func (t Touches) String() string {
	if t.Of == 0 {
		return fmt.Sprintf("%d %s", t.Count, t.What)
	}
	return fmt.Sprintf("%d of %d %s", t.Count, t.Of, t.What)
}

// Lines are the step as people are shown it before it is made: the exact call,
// what it expects and touches, and what would undo it.
func (s Step) lines() []string {
	lines := s.Change.lines()
	if s.Touches.Count > 0 {
		lines = append(lines, "touching "+s.Touches.String())
	}
	if h := s.Degrades; h != nil {
		lines = append(lines, fmt.Sprintf("degrading %s, for %s at most", h.What, catalog.FormatDuration(h.within())))
	}
	switch {
	case s.Undo == nil:
		return append(lines, "nothing undoes it")
	case s.Safe:
		return append(lines, "undone without asking by: "+s.Undo.Call.String())
	default:
		return append(lines, "undone by: "+s.Undo.Call.String())
	}
}

// String is the step on one line.
func (s Step) String() string { return strings.Join(s.lines(), "; ") }

// digest identifies a step, with all that people were shown of it and of its
// run's parameters: an approval covers nothing else.
func (r *run) digest(s Step) string {
	parts := append(s.lines(), s.Name, s.Restores, r.values.String())
	parts = append(parts, s.parts()...)
	if h := s.Degrades; h != nil {
		parts = append(parts, h.ID)
	}
	if s.Undo != nil {
		parts = append(parts, s.Undo.parts()...)
	}
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d %s\n", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// fate is what became of a change.
type fate int

const (
	// stands: it was made, or may have been, and is still there.
	stands fate = iota
	// undone: it was made and taken back.
	undone
)

// made is a step that was made, or may have been.
type made struct {
	Step
	key  string
	fate fate
	// unsure says that nobody knows whether it was made.
	unsure bool
}

// String names it, as people are told what stands and what is undone.
func (m *made) String() string {
	if m.unsure {
		return m.Name + " (if it happened)"
	}
	return m.Name
}

// Do does one step, as its Repeat allows: it is refused when the world is not
// as the step expects or when it would touch more than the runbook's limit, it
// asks for the approval that the runbook needs and nobody has given, and when
// nobody knows whether it took effect a person is asked. On a dry run it only
// says what it would call. When a later verb fails, or the run is refused, the
// undo of the steps done is offered in reverse order.
func Do(ctx workflow.Context, s Step) error {
	r := of(ctx)
	if err := r.stoppedBeforeChange(ctx); err != nil {
		return err
	}
	if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
		return r.skipped(ctx, skip, s.Name, err)
	}
	if err := r.fits(s); err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	r.steps++
	r.touched += s.Touches.Count // branches run side by side: it counts until it is known not to
	if r.in.DryRun {
		if err := r.mayDo(ctx, s); err != nil {
			return err
		}
		r.pretended = true
		r.note(ctx, "would call: %s", s)
		return r.stopped(ctx)
	}
	// The key is the step's own: other branches come to their steps while this
	// one waits.
	m := &made{Step: s, key: fmt.Sprintf("%s/step-%d", r.id, r.steps)}
	err := r.do(ctx, m)
	if !slices.Contains(r.changes, m) {
		r.touched -= s.Touches.Count
	}
	return err
}

// do makes a step that fits, once nothing holds it.
func (r *run) do(ctx workflow.Context, m *made) error {
	already, skip, err := r.mayMake(ctx, m.Step)
	if skip != nil || err != nil {
		return r.skipped(ctx, skip, m.Name, err)
	}
	done := false
	if !already {
		done, err = r.make(ctx, m.Change, m.key)
	}
	if done {
		m.unsure = err != nil
		r.changes = append(r.changes, m)
	}
	if err != nil {
		err = r.failed(ctx, m.Step, err)
		if done { // it may be degraded: a follow-up too many is better than one too few
			r.tellDegraded(ctx, m.Step)
		}
		return err
	}
	how := "done"
	if !done {
		how = "was so already"
	}
	r.tellSoon(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("%s: %s (%s)", m.Name, how, m.Call)})
	r.tellHatches(ctx, m.Step)
	return r.stopped(ctx)
}

// mayMake waits until a step has the approval that it needs, the run is not
// paused and the world is as the step expects: all of it holds right before the
// step is made. Already says that it need not be; who skips it meanwhile is
// returned.
func (r *run) mayMake(ctx workflow.Context, s Step) (already bool, skip *Control, err error) {
	if err := r.mayDo(ctx, s); err != nil {
		return false, nil, err
	}
	for {
		if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
			return false, skip, err
		}
		err := r.unmet(ctx, s.Change)
		if err == nil {
			already, err = r.done(ctx, s.Change)
		}
		if left := r.left(ctx); left != nil {
			return false, nil, left
		}
		if err != nil {
			return false, nil, r.failed(ctx, s, err)
		}
		if !r.paused && r.skip == nil {
			return already, nil, r.over(ctx)
		}
	}
}

// failed tells that a step failed, and returns the error that ends the run.
func (r *run) failed(ctx workflow.Context, s Step, err error) error {
	r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("%s: failed: %s", s.Name, err)})
	return fmt.Errorf("%s: %w", s.Name, err)
}

// changesNothing refuses what a diagnostic tries to change.
const changesNothing = "this runbook says that it changes nothing: it names no Target"

// fits returns an Invalid error when an author left out what a step needs, and
// a Refused one when it goes beyond the limit of the runbook.
func (r *run) fits(s Step) error {
	problem := cmp.Or(s.problem(), s.Degrades.problem())
	switch {
	case r.steps >= maxSteps:
		return incident.Errorf(incident.Refused, "the run has made %d steps, which is too many", maxSteps)
	case s.Name == "":
		problem = "it has no name"
	case !r.spec.Changes():
		problem = changesNothing
	case long(s.Restores):
		problem = longHatch
	case problem == "" && s.Undo != nil && s.Undo.problem() != "":
		problem = "its undo: " + s.Undo.problem()
	}
	if problem != "" {
		return incident.Errorf(incident.Invalid, "%s", problem)
	}
	return r.withinLimit(s.Touches)
}

// withinLimit refuses a step that would have the run touch more than it may.
func (r *run) withinLimit(t Touches) error {
	limit := r.spec.Limit
	if limit == (Limit{}) {
		return nil
	}
	sum := r.touched + t.Count
	switch {
	case t.Count <= 0:
		return incident.Errorf(incident.Invalid, "it does not say how much it touches, and the runbook has a limit")
	case limit.Count > 0 && sum > limit.Count:
		return incident.Errorf(incident.Refused, "the run would touch %d %s; the limit is %d", sum, t.What, limit.Count)
	case limit.Percent > 0 && t.Of <= 0:
		return incident.Errorf(incident.Invalid, "it does not say of how many it touches %d, and the limit is %d %%", t.Count, limit.Percent)
	case limit.Percent > 0 && sum*100 > limit.Percent*t.Of:
		return incident.Errorf(incident.Refused, "the run would touch %d of %d %s; the limit is %d %%", sum, t.Of, t.What, limit.Percent)
	}
	return nil
}

// names lists the changes that met a fate, the oldest first.
func (r *run) names(f fate) []string {
	var names []string
	for _, c := range r.changes {
		if c.fate == f {
			names = append(names, c.String())
		}
	}
	return names
}
