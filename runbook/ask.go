package runbook

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/incident"
)

// Ask asks people a question and returns their choice, or "" when nobody
// answered within the time. A dry run asks nothing and takes the first choice,
// so put the most usual one there.
func Ask(ctx workflow.Context, text string, within time.Duration, choices ...string) (string, error) {
	r := of(ctx)
	if err := r.over(ctx); err != nil {
		return "", err
	}
	if len(choices) == 0 {
		return "", errors.New("a question needs at least one choice")
	}
	if r.in.DryRun {
		r.note(ctx, "would ask, for at most %s: %s (%s)", catalog.FormatDuration(within), text, strings.Join(choices, " / "))
		return choices[0], r.stopped(ctx)
	}
	answer, err := r.ask(ctx, Question{Text: text, Choices: choices}, within)
	return answer.Choice, err
}

// Approve asks for an approval and returns nil once it is given. Refused, or
// not answered within the time, is an error that wraps ErrRefused.
func Approve(ctx workflow.Context, text string, within time.Duration) error {
	r := of(ctx)
	if err := r.over(ctx); err != nil {
		return err
	}
	if r.in.DryRun {
		r.note(ctx, "would ask for approval, for at most %s: %s", catalog.FormatDuration(within), text)
		return r.stopped(ctx)
	}
	answer, err := r.ask(ctx, Question{Approval: true, Text: text, Choices: []string{incident.Approve, incident.Refuse}}, within)
	switch {
	case err != nil:
		return err
	case answer.Choice == incident.Approve:
		return nil
	case answer.Choice == "":
		return fmt.Errorf("%w: nobody approved within %s", ErrRefused, catalog.FormatDuration(within))
	default:
		return fmt.Errorf("%w by %s%s", ErrRefused, answer.By, because(answer))
	}
}

// ask puts a question to the incident and waits for its answer, the deadline
// or the end of the run. The zero answer is nobody's.
func (r *run) ask(ctx workflow.Context, q Question, within time.Duration) (Answer, error) {
	r.tellLate(ctx)
	r.questions++
	q.ID = questionID(r.id, r.questions)
	q.Text = cut(q.Text, maxText)
	q.Until = workflow.Now(ctx).Add(within).UTC()
	r.report(ctx, Report{Kind: Asked, Text: q.Text, Question: &q})
	if err := r.stopped(ctx); err != nil {
		return Answer{}, err
	}
	answer, err := r.await(ctx, q, within)
	switch {
	case err != nil:
		return Answer{}, err
	case answer.Choice == "":
		r.report(ctx, Report{Kind: Expired, Text: fmt.Sprintf("nobody answered within %s", catalog.FormatDuration(within)), Question: &q})
	default:
		said := fmt.Sprintf("%s: %s%s", answer.By, answer.Choice, because(answer))
		r.hold(ctx, Report{Kind: Answered, Text: said, Question: &q})
	}
	return answer, r.over(ctx)
}

// await returns the first answer that fits the question, or the zero answer at
// the deadline. It leaves no timer behind.
func (r *run) await(ctx workflow.Context, q Question, within time.Duration) (Answer, error) {
	limit, stop := workflow.WithCancel(ctx)
	summary := short("deadline of question " + q.ID)
	timer := workflow.NewTimerWithOptions(limit, within, workflow.TimerOptions{Summary: summary})
	var answer Answer
	var err error
	for over := false; !over; {
		// The answer comes first: one that arrives with the deadline counts.
		workflow.NewSelector(ctx).
			AddReceive(answers(ctx), func(c workflow.ReceiveChannel, _ bool) {
				var a Answer
				c.Receive(ctx, &a)
				if over = q.takes(a); over {
					answer = a
					return
				}
				r.reject(ctx, a)
			}).
			AddFuture(timer, func(f workflow.Future) { over, err = true, f.Get(ctx, nil) }).
			Select(ctx)
	}
	stop()
	return answer, err
}

// tellLate says of every answer that nobody waits for that it came too late.
func (r *run) tellLate(ctx workflow.Context) {
	var a Answer
	for answers(ctx).ReceiveAsync(&a) {
		r.reject(ctx, a)
		a = Answer{}
	}
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
