package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
)

// Ask asks people a question and returns their choice, or "" when nobody
// answered within the time. A dry run asks nothing and takes the first choice,
// so put the most usual one there.
func Ask(ctx workflow.Context, text string, within time.Duration, choices ...string) (string, error) {
	r := of(ctx)
	if len(choices) == 0 {
		return "", errors.New("a question needs at least one choice")
	}
	if err := choosable(choices); err != nil {
		return "", err
	}
	if skip, err := r.mayGoOn(ctx); skip != nil || err != nil {
		return "", r.skipped(ctx, skip, text, err)
	}
	if r.in.DryRun {
		r.note(ctx, "would ask, for at most %s: %s (%s)", catalog.FormatDuration(within), text, strings.Join(choices, " / "))
		return choices[0], r.stopped(ctx)
	}
	answer, err := r.ask(ctx, Question{Text: text, Choices: choices}, within)
	return answer.Choice, err
}

// ask puts a question to the incident and waits for its answer, the deadline
// or the end of the run. The zero answer is nobody's.
func (r *run) ask(ctx workflow.Context, q Question, within time.Duration) (Answer, error) {
	r.receive(ctx)
	r.questions++
	q.ID = questionID(r.id, r.questions)
	q.Text = said(q.Text)
	q.Until = workflow.Now(ctx).Add(within).UTC()
	// It is open before it is told: another branch may take in its answer.
	r.open = append(r.open, q.ID)
	defer func() { r.open = slices.DeleteFunc(r.open, func(id string) bool { return id == q.ID }) }()
	r.report(ctx, Report{Kind: Asked, Text: q.Text, Question: &q})
	if err := r.stopped(ctx); err != nil {
		r.say(ctx, Report{Kind: Expired, Text: "no longer waited for", Question: &q})
		return Answer{}, err
	}
	w := &wait{}
	if !q.Approval {
		w = r.begin()
	}
	answer, err := r.await(ctx, q, w, within)
	r.finish(w)
	switch {
	case err != nil:
		r.say(ctx, Report{Kind: Expired, Text: "no longer waited for", Question: &q})
		return Answer{}, err
	case answer.Choice != "":
		said := fmt.Sprintf("%s: %s%s", answer.By, answer.Choice, because(answer))
		r.hold(ctx, Report{Kind: Answered, Text: said, Question: &q})
		if w.skip != nil { // it came with the answer
			r.notTaken(ctx, *w.skip)
		}
	case w.skip != nil:
		r.report(ctx, Report{Kind: Expired, Text: "skipped " + w.skip.String(), Question: &q})
	default:
		r.report(ctx, Report{Kind: Expired, Text: fmt.Sprintf("nobody answered within %s", catalog.FormatDuration(within)), Question: &q})
	}
	return answer, r.over(ctx)
}

// await returns the first answer that fits the question, or the zero answer at
// the deadline, or when somebody skips the question.
func (r *run) await(ctx workflow.Context, q Question, w *wait, within time.Duration) (Answer, error) {
	until := workflow.Now(ctx).Add(within)
	for {
		r.rest(ctx, until.Sub(workflow.Now(ctx)), "deadline of question "+q.ID, func() bool {
			return w.skip != nil || answers(ctx).Len() > 0 || slices.ContainsFunc(r.answers, func(a Answer) bool { return a.Question == q.ID })
		})
		r.receive(ctx)
		// The answer comes first: one that arrives with the deadline counts.
		a, found := r.answerTo(q.ID)
		switch {
		case found && q.takes(a):
			return a, nil
		case found:
			r.reject(ctx, a)
		case r.left(ctx) != nil:
			return Answer{}, r.left(ctx)
		case w.skip != nil || !workflow.Now(ctx).Before(until):
			return Answer{}, nil
		}
	}
}

// receive takes in what came, and says of every answer that nobody waits for
// that it came too late. Branches may wait side by side.
func (r *run) receive(ctx workflow.Context) {
	var a Answer
	for answers(ctx).ReceiveAsync(&a) {
		if slices.Contains(r.open, a.Question) {
			r.answers = append(r.answers, a)
		} else {
			r.reject(ctx, a)
		}
		a = Answer{}
	}
}

// answerTo takes the first answer to a question out of those that came.
func (r *run) answerTo(question string) (Answer, bool) {
	n := slices.IndexFunc(r.answers, func(a Answer) bool { return a.Question == question })
	if n < 0 {
		return Answer{}, false
	}
	a := r.answers[n]
	r.answers = slices.Delete(r.answers, n, n+1)
	return a, true
}

func (r *run) reject(ctx workflow.Context, a Answer) {
	r.note(ctx, "not taken: %s answered %q to %s, which is not open for that", a.By, a.Choice, a.Question)
}

func (q Question) takes(a Answer) bool {
	return a.Question == q.ID && slices.Contains(q.Choices, a.Choice)
}

func answers(ctx workflow.Context) workflow.ReceiveChannel {
	return workflow.GetSignalChannel(ctx, AnswerSignal)
}

func because(a Answer) string {
	if a.Reason == "" {
		return ""
	}
	return " (" + a.Reason + ")"
}
