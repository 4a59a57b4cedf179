package http

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Read makes one request that changes nothing.
func Read() runbook.Runbook {
	return runbook.New(read, runbook.Spec{
		Name:  "http-read",
		About: "Asks a system one thing over HTTP and keeps the answer.",
		Fits:  "What a system says of itself helps to understand the incident.",
	})
}

// ReadParams are the parameters of http-read.
type ReadParams struct {
	System runbook.Name `about:"the HTTP system, as the systems file names it"`
	Method string       `about:"the method" oneof:"GET HEAD" default:"GET"`
	Path   string       `about:"the path below the system's address, which must fit one of its calls" match:"(/[^/?#]+)+"`
}

func read(ctx workflow.Context, p ReadParams) error {
	plan, err := Planned(ctx, Request{string(p.System), systems.HTTPRequest{
		Method: p.Method, Path: p.Path, Incident: runbook.Incident(ctx).Incident,
	}})
	if err != nil {
		return err
	}
	if _, err := runbook.Look(ctx, plan.Answered()); err != nil {
		return err
	}
	return bring(ctx, plan.Request, plan.Answer)
}
