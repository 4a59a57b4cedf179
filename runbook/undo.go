package runbook

import (
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The choices when an undo is offered.
const (
	keep = "keep"
	undo = "undo"
)

// undoWithin is how long an undo is offered before the change is left.
const undoWithin = 30 * time.Minute

// settle sees to the changes of a run that did not succeed, the last one
// first. A safe undo is made; any other is offered to a person. A cancelled
// run is left as it is, and so is everything older than a change whose undo
// failed or that nobody decided on: it may rest on it.
func (r *run) settle(ctx workflow.Context, why error) {
	if temporal.IsCanceledError(why) {
		return
	}
	for _, c := range slices.Backward(r.changes) {
		if c.Undo == nil {
			continue
		}
		wanted, decided := r.wanted(ctx, c, why)
		if !decided {
			return
		}
		if wanted && !r.undo(ctx, c) {
			return
		}
	}
}

// wanted says whether a change is to be undone, and whether anybody decided.
func (r *run) wanted(ctx workflow.Context, c *change, why error) (wanted, decided bool) {
	if c.Safe {
		return true, true
	}
	if r.stopped(ctx) != nil {
		return false, false
	}
	text := fmt.Sprintf("%s. Undo %q? It would call: %s", sentence(why.Error()), c.Name, c.Undo)
	answer, err := r.ask(ctx, Question{Text: text, Choices: []string{keep, undo}}, undoWithin)
	if err != nil || answer.Choice == "" {
		return false, false
	}
	return answer.Choice == undo, true
}

// undo takes one change back and reports whether it did.
func (r *run) undo(ctx workflow.Context, c *change) bool {
	if _, err := r.make(ctx, c.Undo, c.key+"/undo"); err != nil {
		r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("undo %s: failed: %s", c.Name, err)})
		return false
	}
	c.fate = undone
	r.report(ctx, Report{Kind: Stepped, Text: fmt.Sprintf("undo %s: done (%s)", c.Name, c.Undo)})
	return true
}

// sentence begins a text with a capital letter.
func sentence(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}
