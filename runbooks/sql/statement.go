package sql

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Statement makes one statement that changes something.
func Statement() runbook.Runbook {
	return runbook.New(statement, runbook.Spec{
		Name:     "sql-statement",
		About:    "Makes one statement in a database, of those that the systems file has.",
		Fits:     "Rows are stuck or wrong, or a session must end, and the statement that helps is known beforehand.",
		Target:   "sql/{database}",
		Approval: &runbook.Approval{},
	})
}

// StatementParams are the parameters of sql-statement.
type StatementParams struct {
	Database  runbook.Name `about:"the database, as the systems file names it"`
	Statement runbook.Name `about:"the statement, as the systems file names it"`
	Values    string       `about:"what is bound, as a JSON object: {\"id\": 17}" optional:"true"`
}

// seenWithin is how long what a statement did may take to be seen: at once, but
// where the check asks a replica.
const seenWithin = time.Minute

func statement(ctx workflow.Context, p StatementParams) error {
	plan, err := Planned(ctx, Request{string(p.Database), systems.SQLRequest{Statement: string(p.Statement), Values: p.Values}})
	if err != nil {
		return err
	}
	if !plan.Planned.Changes {
		return incident.Errorf(incident.Invalid, "%s changes nothing: use sql-query", p.Statement)
	}
	step, err := plan.Step(ctx)
	if err != nil {
		return err
	}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	if plan.Did.Rows > 0 {
		runbook.Note(ctx, "%s at %s touched %d%s", plan.Statement, plan.Database, plan.Did.Rows, resolved(plan.Did))
	}
	if step.Done.Of == nil {
		return nil
	}
	return runbook.Await(ctx, step.Done, seenWithin)
}

func resolved(c systems.SQLChange) string {
	if !c.Resolved {
		return ""
	}
	return "; the answer to its commit was lost, and the database says that it was committed"
}
