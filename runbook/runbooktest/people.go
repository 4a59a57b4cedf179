package runbooktest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tocsinhq/tocsin/runbook"
)

// people are the incident and those who answer through it.
type people struct {
	env    *testsuite.TestWorkflowEnvironment
	script *transcript
	gone   time.Duration

	mu      sync.Mutex
	answers []Answer
}

// hear takes a report as the incident would, and has the next person answer.
func (p *people) hear(_, _, _, _ string, payload any) error {
	r, ok := payload.(runbook.Report)
	if !ok {
		return fmt.Errorf("the run signalled a %T, not a report", payload)
	}
	if p.gone > 0 && p.script.elapsed() >= p.gone {
		return &temporal.UnknownExternalWorkflowExecutionError{}
	}
	for _, one := range r.All() {
		p.take(one)
	}
	return nil
}

func (p *people) take(r runbook.Report) {
	switch {
	case r.Kind == runbook.Started || r.Kind == runbook.Answered:
		p.script.earlier(r.At, "%s %s", r.Kind, r.Text)
		return
	case r.Kind == runbook.Asked && r.Question.Approval:
		p.script.add("asks approve %s: %s", r.Question.ID, r.Text)
	case r.Kind == runbook.Asked:
		p.script.add("asks %s: %s %v", r.Question.ID, r.Text, r.Question.Choices)
	case r.Kind == runbook.Ended:
		p.script.add("%s", strings.TrimSuffix(fmt.Sprintf("ended %s: %s", r.State, r.Text), ": "))
	default:
		p.script.add("%s %s", r.Kind, r.Text)
	}
	p.script.reported()
	if r.Kind == runbook.Asked {
		p.answer(r.Question.ID)
	}
}

func (p *people) answer(question string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.answers) == 0 {
		return
	}
	a := p.answers[0]
	p.answers = p.answers[1:]
	if a.Choice == "" {
		return
	}
	if a.To != "" {
		question = a.To
	}
	p.env.RegisterDelayedCallback(func() {
		p.env.SignalWorkflow(runbook.AnswerSignal, runbook.Answer{
			Question: question, Choice: a.Choice, By: a.By, Reason: a.Reason,
		})
	}, a.After)
}
