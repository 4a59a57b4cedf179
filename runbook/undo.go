package runbook

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The choices when the undo is offered.
const (
	keep = "keep"
	undo = "undo"
)

// undoWithin is how long an undo is offered before the changes are left.
const undoWithin = 30 * time.Minute

// settle sees to the changes of a run that did not succeed, the last one
// first. Safe undos are made until one is met that is not: the plan of what is
// left is then shown and asked for. A cancelled run is left as it is, and so is
// everything older than a change whose undo failed: it may rest on it.
func (r *run) settle(ctx workflow.Context, why error) {
	if temporal.IsCanceledError(why) {
		return
	}
	plan := r.plan()
	for len(plan) > 0 && plan[0].Safe {
		if !r.undo(ctx, plan[0]) {
			return
		}
		plan = plan[1:]
	}
	if len(plan) > 0 && r.wanted(ctx, plan, why) {
		r.undoAll(ctx, plan)
	}
}

// plan lists the changes that can be undone, the last one first.
func (r *run) plan() []*made {
	var plan []*made
	for _, c := range slices.Backward(r.changes) {
		if c.Undo != nil {
			plan = append(plan, c)
		}
	}
	return plan
}

// wanted shows the plan of an undo and asks whether to follow it. Nobody's
// answer is no.
func (r *run) wanted(ctx workflow.Context, plan []*made, why error) bool {
	if r.stopped(ctx) != nil {
		return false
	}
	q := Question{Choices: []string{keep, undo}}
	var names []string
	for _, c := range plan {
		names = append(names, c.String())
		q.Calls = append(q.Calls, fmt.Sprintf("undo %s: %s", c, c.Undo.Call))
	}
	q.Calls = fewer(q.Calls)
	q.Text = fmt.Sprintf("%s. Undo %s?", sentence(reason(why)), strings.Join(names, ", then "))
	answer, err := r.ask(ctx, q, undoWithin)
	return err == nil && answer.Choice == undo
}

func (r *run) undoAll(ctx workflow.Context, plan []*made) {
	for _, c := range plan {
		if !r.undo(ctx, c) {
			return
		}
	}
}

// undo takes one change back and reports whether it did.
func (r *run) undo(ctx workflow.Context, c *made) bool {
	made, err := r.takeBack(ctx, c)
	if err != nil {
		r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("undo %s: failed: %s", c.Name, err)})
		if made {
			r.tellReopened(ctx, c.Step)
		}
		return false
	}
	c.fate = undone
	r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("undo %s: done (%s)", c.Name, c.Undo.Call)})
	if c.Degrades != nil {
		r.restored(ctx, c.Degrades.ID)
	}
	r.tellReopened(ctx, c.Step)
	return true
}

// takeBack makes the undo of a change, unless that is done already.
func (r *run) takeBack(ctx workflow.Context, c *made) (made bool, err error) {
	if err := r.unmet(ctx, *c.Undo); err != nil {
		return false, err
	}
	if done, err := r.done(ctx, *c.Undo); done || err != nil {
		return false, err
	}
	return r.make(ctx, *c.Undo, c.key+"/undo")
}

// tellReopened reports that what a step restored is degraded again, or may be. A
// hatch that says nothing more is one that this run closed.
func (r *run) tellReopened(ctx workflow.Context, s Step) {
	if s.Restores != "" {
		r.report(ctx, Report{Kind: Degraded, Text: s.Restores + " again", Hatch: &Hatch{ID: s.Restores}})
	}
}

// sentence begins a text with a capital letter.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}
