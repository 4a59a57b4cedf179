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
	others map[string]runbook.End

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
	switch r.Kind {
	case runbook.Started, runbook.Answered:
		p.script.earlier(r.At, "%s %s", r.Kind, r.Text)
		return
	case runbook.Asked:
		p.asked(r)
	case runbook.Ended:
		p.script.add("%s", strings.TrimSuffix(fmt.Sprintf("ended %s: %s", r.State, r.Text), ": "))
	case runbook.Paged:
		p.script.add("pages %s: %s", r.Page.String(), r.Text)
	default:
		p.script.add("%s %s", r.Kind, r.Text)
	}
	p.script.reported()
	switch r.Kind {
	case runbook.Asked:
		p.answer(r.Question.ID)
	case runbook.Called:
		p.end(*r.Call)
	}
}

// asked writes down a question, and below it the calls that it is about.
func (p *people) asked(r runbook.Report) {
	if r.Question.Approval {
		p.script.add("asks approve %s: %s", r.Question.ID, r.Text)
	} else {
		p.script.add("asks %s: %s %v", r.Question.ID, r.Text, r.Question.Choices)
	}
	for _, call := range r.Question.Calls {
		p.script.add("  %s", call)
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

// end has another runbook end that the run asked for.
func (p *people) end(o runbook.Other) {
	end, ok := p.others[o.Name]
	if !ok {
		end.State = runbook.Done
	}
	end.ID = o.ID
	p.env.RegisterDelayedCallback(func() { p.env.SignalWorkflow(runbook.EndSignal, end) }, time.Second)
}
