package runbook

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
)

// What a run may bring into its incident's history and state. What people only
// read is cut; what must arrive whole is refused.
const (
	// maxText bounds a text, in bytes, maxName a name or an id.
	maxText = 2000
	maxName = 240
	// maxParams bounds the parameters of another run, in bytes.
	maxParams = 4 << 10
	// maxChoices and maxChoice bound what a question can be answered with.
	maxChoices = 20
	maxChoice  = 100
)

// What a run may do before it is taken for one that will never end: what is
// left of its history is then enough to undo what it did.
const (
	maxSteps   = 200
	maxReports = 1000
	maxEvents  = 30_000
)

// said is a text as it leaves the run: without what looks like a secret, not too
// long, and without what neither the engine nor a database takes.
func said(text string) string {
	text, _ = redact.Text(incident.Plain(incident.CutBytes(text, 2*maxText)))
	return incident.CutBytes(text, maxText)
}

// reason is what an error says, with room for what is said after it.
func reason(err error) string { return incident.CutBytes(said(err.Error()), maxText/2) }

// long reports whether a name cannot be one.
func long(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return len(name) > maxName })
}

// spent returns the Refused error that ends a run which goes on for ever, or
// nil. What it did is undone all the same.
func (r *run) spent(ctx workflow.Context) error {
	switch {
	case r.settling:
		return nil
	case r.ordinal+r.unsaid >= maxReports:
		return incident.Errorf(incident.Refused, "the run has told its incident %d things, which is too much", maxReports)
	case workflow.GetInfo(ctx).GetCurrentHistoryLength() >= maxEvents:
		return incident.Errorf(incident.Refused, "the run goes on for too long: its history has %d events", maxEvents)
	}
	return nil
}

// choosable returns an Invalid error when people cannot be given these choices.
func choosable(choices []string) error {
	if len(choices) > maxChoices || slices.ContainsFunc(choices, func(c string) bool { return len(c) > maxChoice }) {
		return incident.Errorf(incident.Invalid, "a question has at most %d choices of %d bytes", maxChoices, maxChoice)
	}
	return nil
}

// fewer lists at most as many calls as people are shown, each cut.
func fewer(calls []string) []string {
	if left := len(calls) - maxCalls; left > 0 {
		calls = append(calls[:maxCalls-1:maxCalls-1], fmt.Sprintf("and %d more", left+1))
	}
	for n, call := range calls {
		calls[n] = incident.CutBytes(call, maxCall)
	}
	return calls
}
