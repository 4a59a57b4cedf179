package runbook

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Gate asks people to approve something.
type Gate struct {
	// Text is the question: "Roll payments back?"
	Text string
	// Steps are what the approval covers, and what its people are shown: each
	// with its exact call, what it expects and what undoes it. A step that is
	// not the very same when it is to be done is asked for anew.
	Steps []Step
	// Approval says who may give it, instead of what the runbook's Spec says.
	Approval *Approval
	// Within is how long it is waited for, instead of what the Approval says.
	Within time.Duration
}

// Approve asks for an approval and returns nil once it is given. Refused, or
// not answered within the time, is an error that wraps ErrRefused. A dry run
// says what it would ask.
func Approve(ctx workflow.Context, g Gate) error {
	r := of(ctx)
	skip, err := r.mayGoOn(ctx)
	if skip != nil {
		r.note(ctx, "not skipped: an approval cannot be")
	}
	if err != nil {
		return err
	}
	for _, s := range g.Steps {
		if problem := s.problem(); problem != "" {
			return fmt.Errorf("%s: %w", s.Name, incident.Errorf(incident.Invalid, "%s", problem))
		}
	}
	who := cmp.Or(g.Approval, r.spec.Approval, &Approval{}).Complete()
	within := cmp.Or(g.Within, who.Within)
	q := Question{Approval: true, Who: who, Text: g.Text, Choices: []string{incident.Approve, incident.Refuse}}
	var digests []string
	for _, s := range g.Steps {
		q.Calls = append(q.Calls, s.Name+": "+s.String())
		digests = append(digests, r.digest(s))
	}
	if err := q.fit(); err != nil {
		return err
	}
	if r.in.DryRun {
		r.note(ctx, "would ask for approval, for at most %s: %s", catalog.FormatDuration(within), g.Text)
		r.approved = append(r.approved, digests...)
		return r.stopped(ctx)
	}
	q.Covers = together(digests)
	answer, err := r.ask(ctx, q, within)
	switch {
	case err != nil:
		return err
	case answer.Choice == incident.Approve:
		r.approved = append(r.approved, digests...)
		return nil
	case answer.Choice == "":
		return fmt.Errorf("%w: nobody approved within %s", ErrRefused, catalog.FormatDuration(within))
	default:
		return fmt.Errorf("%w by %s%s", ErrRefused, answer.By, because(answer))
	}
}

// mayDo returns nil when a step needs no approval, or has it, or gets it now. An
// approval is used up by the step that it was given for.
func (r *run) mayDo(ctx workflow.Context, s Step) error {
	for r.spec.Approval != nil {
		if n := slices.Index(r.approved, r.digest(s)); n >= 0 {
			r.approved = slices.Delete(r.approved, n, n+1)
			return nil
		}
		text := sentence(s.Name) + "?"
		if len(r.approved) > 0 {
			text += " It is not what was approved before."
		}
		if err := Approve(ctx, Gate{Text: text, Steps: []Step{s}}); err != nil {
			return err
		}
	}
	return nil
}

// together is what an approval covers, short enough to be read out.
func together(digests []string) string {
	if len(digests) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(digests, " ")))
	return hex.EncodeToString(sum[:6])
}

const (
	// maxCalls and maxCall bound what an approval shows: whoever approves it
	// must have seen all of it, so that nothing is cut.
	maxCalls = 20
	maxCall  = 500
)

// fit returns an Invalid error when an approval cannot be shown whole.
func (q Question) fit() error {
	tooLong := slices.ContainsFunc(q.Calls, func(c string) bool { return len(c) > maxCall })
	if len(q.Calls) > maxCalls || tooLong || len(q.Text) > maxText {
		return incident.Errorf(incident.Invalid, "the approval cannot be shown whole: at most %d calls of %d bytes; approve them in parts", maxCalls, maxCall)
	}
	if standings := q.Who.By; len(standings) > maxChoices || long(q.Who.Team) || slices.ContainsFunc(standings, func(s catalog.Standing) bool { return long(string(s)) }) {
		return incident.Errorf(incident.Invalid, "who may approve is more than %d standings, or has a name of more than %d bytes", maxChoices, maxName)
	}
	return nil
}
