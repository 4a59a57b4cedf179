// Package sql holds the runbooks that make statements in databases, and the
// call and the readings that they are made of.
package sql

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

// Request is one statement in a named database, of those that the systems file
// has for it.
type Request struct {
	Database string
	systems.SQLRequest
}

func (r Request) order() activities.SQLOrder {
	return activities.SQLOrder{System: r.Database, Request: r.SQLRequest}
}

// along is a statement that goes along with this one, with its values or those
// of them that it takes.
func (r Request) along(statement string) Request {
	r.With, r.Statement = cmp.Or(r.With, r.Statement), statement
	return r
}

// Plan is a statement as the systems file has it made: a call, once it was read.
type Plan struct {
	Request
	// Planned is what the file says.
	Planned systems.SQLPlan
	// Did is what the call did.
	Did systems.SQLChange
}

// Planned reads what the systems file says of a statement, which is made by
// nothing here. It is read on a dry run too.
func Planned(ctx workflow.Context, r Request) (*Plan, error) {
	p := &Plan{Request: r}
	_, err := runbook.Look(ctx, planOf{p})
	return p, err
}

type planOf struct{ *Plan }

func (p planOf) String() string {
	return fmt.Sprintf("what the systems file says of %s at %s", p.Statement, p.Database)
}

func (p planOf) Read(ctx workflow.Context) (string, error) {
	var a *activities.SQL
	err := workflow.ExecuteActivity(ctx, a.PlanSQL, p.order()).Get(ctx, &p.Planned)
	return p.Planned.Text, activities.Known(err)
}

// String is the exact statement with what is bound.
func (p *Plan) String() string {
	parts := []string{fmt.Sprintf("at %s: %s", p.Database, p.Planned.Text)}
	for n, bind := range p.Planned.Binds {
		parts = append(parts, fmt.Sprintf("$%d %s", n+1, bind))
	}
	if p.Planned.Rows != "" {
		parts = append(parts, "touching "+p.Planned.Rows+", else rolled back")
	}
	return fmt.Sprintf("%s (plan %s)", strings.Join(parts, "; "), p.Planned.Covers)
}

// Make makes the statement, provided that the systems file still says the same.
func (p *Plan) Make(ctx workflow.Context, key string) error {
	var a *activities.SQL
	order := p.order()
	order.Covers, order.Key = p.Planned.Covers, key
	err := workflow.ExecuteActivity(ctx, a.ChangeSQL, order).Get(ctx, &p.Did)
	return activities.Known(err)
}

// Change is the statement as a change. Where the systems file has a statement
// that shows whether it was made, that one is looked at before each try;
// elsewhere it is made once.
func (p *Plan) Change() runbook.Change {
	c := runbook.Change{Call: p, Repeat: runbook.OnceThenAsk, Pace: p.pace()}
	if p.Planned.Done != nil {
		c.Repeat, c.Done = runbook.CheckThenAct, p.check(*p.Planned.Done)
	}
	for _, e := range p.Planned.Expects {
		c.Expects = append(c.Expects, p.check(e))
	}
	return c
}

func (p *Plan) pace() runbook.Pace {
	if p.Planned.Slow {
		return runbook.Slow
	}
	return runbook.Quick
}

func (p *Plan) check(c systems.SQLCheck) runbook.Expectation {
	return runbook.Expect(value{&Rows{Request: p.along(c.Statement), Slow: p.Planned.Slow}}, c.Is)
}

// Step is the statement as a step, undone by the one that the systems file
// names.
func (p *Plan) Step(ctx workflow.Context) (runbook.Step, error) {
	s := runbook.Step{Name: p.Statement + " at " + p.Database, Change: p.Change()}
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

// Rows is the reading of what a statement brings that changes nothing.
type Rows struct {
	Request
	// Slow says that it may take minutes.
	Slow bool
	// Got are the rows.
	Got systems.SQLRows
}

// String says what is read.
func (r *Rows) String() string { return fmt.Sprintf("what %s at %s brings", r.Statement, r.Database) }

// Pace says how long it may take.
func (r *Rows) Pace() runbook.Pace {
	if r.Slow {
		return runbook.Slow
	}
	return runbook.Quick
}

// Read makes the statement, and returns what it brought.
func (r *Rows) Read(ctx workflow.Context) (string, error) {
	var a *activities.SQL
	r.Got = systems.SQLRows{}
	err := workflow.ExecuteActivity(ctx, a.QuerySQL, r.order()).Get(ctx, &r.Got)
	return table(r.Got), activities.Known(err)
}

// value is the first column of the only row, or nothing for no row.
type value struct{ *Rows }

func (v value) String() string { return fmt.Sprintf("%s at %s", v.Statement, v.Database) }

func (v value) Read(ctx workflow.Context) (string, error) {
	if _, err := v.Rows.Read(ctx); err != nil {
		return "", err
	}
	switch {
	case len(v.Got.Rows) == 0:
		return "", nil
	case len(v.Got.Rows) > 1 || v.Got.More || v.Got.Cut:
		return "", incident.Errorf(incident.Permanent, "it brings more than one row, or more than is taken of one")
	case v.Got.Removed > 0:
		return "", incident.Errorf(incident.Permanent, "it brings what looks like a secret")
	}
	return v.Got.Rows[0][0], nil
}

// bring says how much a statement brought, and brings it to light.
func bring(ctx workflow.Context, r Request, rows systems.SQLRows) error {
	title := fmt.Sprintf("%s at %s", r.Statement, r.Database)
	runbook.Note(ctx, "%s: %s%s", title, count(rows), redact.Removed(rows.Removed))
	if len(rows.Rows) == 0 {
		return nil
	}
	return runbook.Output(ctx, title, table(rows))
}

func count(r systems.SQLRows) string {
	text := fmt.Sprintf("%d rows", len(r.Rows))
	if len(r.Rows) == 1 {
		text = "1 row"
	}
	if r.More {
		text = "the first " + text
	}
	if r.Cut {
		text += ", of which something is cut"
	}
	return text
}

// table is what was brought: a line for the columns, and one for each row.
func table(r systems.SQLRows) string {
	lines := []string{strings.Join(r.Columns, " | ")}
	for _, row := range r.Rows {
		lines = append(lines, strings.Join(row, " | "))
	}
	return strings.Join(lines, "\n")
}
