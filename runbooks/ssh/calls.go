// Package ssh holds the runbooks that run commands on hosts, and the call and
// the readings that they are made of.
package ssh

import (
	"cmp"
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/redact"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Request is one command on a named host, of those that the systems file has
// for it.
type Request struct {
	Host string
	systems.SSHRequest
}

func (r Request) order() activities.SSHOrder {
	return activities.SSHOrder{System: r.Host, Request: r.SSHRequest}
}

// along is a command that goes along with this one, with its values or those of
// them that it takes.
func (r Request) along(command string) Request {
	r.With, r.Command = cmp.Or(r.With, r.Command), command
	return r
}

// Plan is a command as the systems file has it run: a call, once it was read.
type Plan struct {
	Request
	// Planned is what the file says.
	Planned systems.SSHPlan
	// Said is what the command put out.
	Said systems.SSHOutput
	// Ran says that it was run and its answer came.
	Ran bool
}

// Planned reads what the systems file says of a command, which is run by
// nothing here. It is read on a dry run too.
func Planned(ctx workflow.Context, r Request) (*Plan, error) {
	p := &Plan{Request: r}
	_, err := runbook.Look(ctx, planOf{p})
	return p, err
}

type planOf struct{ *Plan }

func (p planOf) String() string {
	return fmt.Sprintf("what the systems file says of %s at %s", p.Command, p.Host)
}

func (p planOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.SSH
	err := workflow.ExecuteActivity(ctx, a.PlanCommand, p.order()).Get(ctx, &p.Planned)
	return p.Planned.Line, activities.Known(err)
}

// String is the exact command.
func (p *Plan) String() string {
	return fmt.Sprintf("at %s: %s (plan %s)", p.Host, p.Planned.Line, p.Planned.Covers)
}

// Make runs the command, provided that the systems file still says the same.
func (p *Plan) Make(ctx workflow.Context, _ string) error {
	var a *activities.SSH
	order := p.order()
	order.Covers = p.Planned.Covers
	err := workflow.ExecuteActivity(ctx, a.RunCommand, order).Get(ctx, &p.Said)
	p.Ran = err == nil
	return activities.Known(err)
}

// Change is the command as a change. Where the systems file has a command that
// shows whether it was run, that one is looked at before each try; elsewhere it
// is run once.
func (p *Plan) Change() runbook.Change {
	c := runbook.Change{Call: p, Repeat: runbook.OnceThenAsk}
	if p.Planned.Slow {
		c.Pace = runbook.Slow
	}
	if p.Planned.Done != nil {
		c.Repeat, c.Done = runbook.CheckThenAct, p.check(*p.Planned.Done)
	}
	for _, e := range p.Planned.Expects {
		c.Expects = append(c.Expects, p.check(e))
	}
	return c
}

func (p *Plan) check(c systems.SSHCheck) runbook.Expectation {
	return runbook.Expect(value{&Output{Request: p.along(c.Command)}}, c.Is)
}

// Step is the command as a step, undone by the one that the systems file names.
func (p *Plan) Step(ctx workflow.Context) (runbook.Step, error) {
	s := runbook.Step{Name: p.Command + " at " + p.Host, Change: p.Change()}
	if p.Planned.Undo == "" {
		return s, nil
	}
	undo, err := Planned(ctx, p.along(p.Planned.Undo))
	if err != nil {
		return s, err
	}
	s.Undo = new(undo.Change())
	return s, nil
}

// Output is the reading of what a command puts out that changes nothing.
type Output struct {
	Request
	// Slow says that it may run for minutes.
	Slow bool
	// Got is what it put out.
	Got systems.SSHOutput
}

// String says what is run.
func (o *Output) String() string { return fmt.Sprintf("what %s at %s puts out", o.Command, o.Host) }

// Pace says how long it may take.
func (o *Output) Pace() runbook.Pace {
	if o.Slow {
		return runbook.Slow
	}
	return runbook.Quick
}

// Read runs the command, and returns what it put out.
func (o *Output) Read(ctx workflow.Context) (string, error) {
	var a *activities.SSH
	o.Got = systems.SSHOutput{}
	err := workflow.ExecuteActivity(ctx, a.ReadCommand, o.order()).Get(ctx, &o.Got)
	return text(o.Got), activities.Known(err)
}

// value is the whole output of a command that is looked at. It is quick.
type value struct{ *Output }

func (v value) String() string { return fmt.Sprintf("%s at %s", v.Command, v.Host) }

func (v value) Read(ctx workflow.Context) (string, error) {
	_, err := v.Output.Read(ctx)
	switch {
	case err != nil:
	case v.Got.Cut:
		err = incident.Errorf(incident.Permanent, "it puts out more than is taken")
	case v.Got.Removed > 0:
		err = incident.Errorf(incident.Permanent, "it puts out what looks like a secret")
	}
	return v.Got.Out, err
}

// bring says how a command ended, and brings what it put out to light.
func bring(ctx workflow.Context, r Request, o systems.SSHOutput) error {
	title := fmt.Sprintf("%s at %s", r.Command, r.Host)
	all := text(o)
	if all == "" {
		runbook.Note(ctx, "%s: status %d, no output", title, o.Exit)
		return nil
	}
	runbook.Note(ctx, "%s: status %d%s", title, o.Exit, redact.Removed(o.Removed))
	return runbook.Output(ctx, title, all)
}

// text is what a command put out, with its messages below.
func text(o systems.SSHOutput) string {
	if o.Err == "" {
		return o.Out
	}
	return strings.TrimSpace(o.Out + "\n\nmessages:\n" + o.Err)
}
