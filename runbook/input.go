package runbook

import "go.temporal.io/sdk/workflow"

// Input is what a run starts with.
type Input struct {
	// Facts are what the incident knew when it started the run; Facts.Incident
	// is the number of the incident that the run reports to.
	Facts Facts `json:"facts"`
	// Given are the parameters that somebody gave, Offered those of the
	// service's entry in the catalog.
	Given   map[string]string `json:"given,omitempty"`
	Offered map[string]string `json:"offered,omitempty"`
	// DryRun lists the calls that a run would make, and makes none.
	DryRun bool `json:"dry_run,omitempty"`
	// BreakGlass is why it may change a target that another run changes too.
	BreakGlass string `json:"break_glass,omitempty"`
	// Prompt has each step told at once, where what happened is to be read in its
	// order: steps that follow each other are told together otherwise.
	Prompt bool `json:"prompt,omitempty"`
	// By is who started it.
	By string `json:"by"`
}

// Incident says what the run's incident knew when it started the run.
func Incident(ctx workflow.Context) Facts { return of(ctx).in.Facts }
