// Package http holds the runbooks that ask systems over HTTP, and the call and
// the readings that they are made of.
package http

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/redact"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Request is one request to a named system, of those that the systems file
// allows of it.
type Request struct {
	System string
	systems.HTTPRequest
}

func (r Request) order() activities.HTTPOrder {
	return activities.HTTPOrder{System: r.System, Request: r.HTTPRequest}
}

func (r Request) part(p systems.HTTPPart) Request {
	r.Part = p
	return r
}

// Plan is a request as the systems file has it made. It is a reading of that
// file, and a call once it was read.
type Plan struct {
	Request
	// Planned is what the file says.
	Planned systems.HTTPPlan
	// Answer is what the system answered to it.
	Answer systems.HTTPAnswer
}

// Planned reads what the systems file says of a request, which is made by
// nothing here. It is read on a dry run too.
func Planned(ctx workflow.Context, r Request) (*Plan, error) {
	p := &Plan{Request: r}
	_, err := runbook.Look(ctx, planOf{p})
	return p, err
}

type planOf struct{ *Plan }

func (p planOf) String() string {
	return fmt.Sprintf("what the systems file says of %s %s at %s", p.Method, p.Path, p.System)
}

func (p planOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.HTTP
	err := workflow.ExecuteActivity(ctx, a.PlanHTTP, p.order()).Get(ctx, &p.Planned)
	return p.Planned.Line, activities.Known(err)
}

// String is the exact request.
func (p *Plan) String() string {
	text := fmt.Sprintf("%s at %s", p.Planned.Line, p.System)
	if p.Planned.Body != "" {
		text += " with " + p.Planned.Body
	}
	return fmt.Sprintf("%s (plan %s)", text, p.Planned.Covers)
}

// Make makes the request, provided that the systems file still says the same.
func (p *Plan) Make(ctx workflow.Context, key string) error {
	var a *activities.HTTP
	order := p.order()
	order.Covers, order.Key = p.Planned.Covers, key
	err := workflow.ExecuteActivity(ctx, a.SendHTTP, order).Get(ctx, &p.Answer)
	return activities.Known(err)
}

// Change is the request as a change: repeated by its key where the system
// honours keys, made once elsewhere.
func (p *Plan) Change() runbook.Change {
	c := runbook.Change{Call: p, Repeat: runbook.OnceThenAsk, Pace: p.pace()}
	if p.Planned.Keyed {
		c.Repeat = runbook.ByKey
	}
	return c
}

func (p *Plan) pace() runbook.Pace {
	if p.Planned.Slow {
		return runbook.Slow
	}
	return runbook.Quick
}

// Step is the request as a step, undone by what the systems file says.
func (p *Plan) Step(ctx workflow.Context) (runbook.Step, error) {
	s := runbook.Step{Name: strings.ToLower(p.Method) + " " + p.Path, Change: p.Change()}
	if !p.Planned.Undone {
		return s, nil
	}
	undo, err := Planned(ctx, p.part(systems.HTTPUndo))
	if err != nil {
		return s, err
	}
	s.Undo = new(undo.Change())
	return s, nil
}

// Verified is the reading that says "yes" once the system answers what the
// systems file takes for a sign that the request took effect.
func (p *Plan) Verified() runbook.Reading { return verified{p} }

type verified struct{ *Plan }

func (v verified) String() string {
	return fmt.Sprintf("whether at %s %s", v.System, v.Planned.Verify)
}

// Pace says how long it may take.
func (v verified) Pace() runbook.Pace { return v.pace() }

func (v verified) Read(ctx workflow.Context) (string, error) {
	var a *activities.HTTP
	var answer systems.HTTPAnswer
	err := workflow.ExecuteActivity(ctx, a.ReadHTTP, v.part(systems.HTTPVerify).order()).Get(ctx, &answer)
	if err == nil && answer.Holds {
		return "yes", nil
	}
	return "no", activities.Known(err)
}

// Answered is the reading of what the system answers to a request that only
// reads, and keeps it as the Answer.
func (p *Plan) Answered() runbook.Reading { return answered{p} }

type answered struct{ *Plan }

func (r answered) String() string {
	return fmt.Sprintf("what %s answers to %s %s", r.System, r.Method, r.Path)
}

// Pace says how long it may take.
func (r answered) Pace() runbook.Pace { return r.pace() }

func (r answered) Read(ctx workflow.Context) (string, error) {
	var a *activities.HTTP
	err := workflow.ExecuteActivity(ctx, a.ReadHTTP, r.order()).Get(ctx, &r.Answer)
	return r.Answer.Body, activities.Known(err)
}

// bring says what a system answered, and brings the answer to light.
func bring(ctx workflow.Context, r Request, a systems.HTTPAnswer) error {
	if a.Bytes == 0 {
		runbook.Note(ctx, "%s answered %d", r.System, a.Status)
		return nil
	}
	runbook.Note(ctx, "%s answered %d with %s%s", r.System, a.Status, redact.Size(a.Bytes), redact.Removed(a.Removed))
	return runbook.Output(ctx, fmt.Sprintf("%s %s at %s", r.Method, r.Path, r.System), a.Body)
}
