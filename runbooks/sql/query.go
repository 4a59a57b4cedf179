package sql

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Query makes one statement that only reads.
func Query() runbook.Runbook {
	return runbook.New(query, runbook.Spec{
		Name:  "sql-query",
		About: "Makes one reading statement in a database and keeps what it brings.",
		Fits:  "What stands in a database helps to understand the incident.",
	})
}

// QueryParams are the parameters of sql-query.
type QueryParams struct {
	Database  runbook.Name `about:"the database, as the systems file names it"`
	Statement runbook.Name `about:"the statement, as the systems file names it"`
	Values    string       `about:"what is bound, as a JSON object: {\"id\": 17}" optional:"true"`
}

func query(ctx workflow.Context, p QueryParams) error {
	r := Request{string(p.Database), systems.SQLRequest{Statement: string(p.Statement), Values: p.Values}}
	plan, err := Planned(ctx, r)
	if err != nil {
		return err
	}
	if plan.Planned.Changes {
		return incident.Errorf(incident.Invalid, "%s changes something: use sql-statement", p.Statement)
	}
	rows := &Rows{Request: r, Slow: plan.Planned.Slow}
	if _, err := runbook.Look(ctx, rows); err != nil {
		return err
	}
	return bring(ctx, r, rows.Got)
}
