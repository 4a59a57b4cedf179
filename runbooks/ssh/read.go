package ssh

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Read runs one command that changes nothing.
func Read() runbook.Runbook {
	return runbook.New(read, runbook.Spec{
		Name:  "ssh-read",
		About: "Runs one reading command on a host and keeps what it puts out.",
		Fits:  "What a host says of itself helps to understand the incident.",
	})
}

// ReadParams are the parameters of ssh-read.
type ReadParams struct {
	Host    runbook.Name `about:"the host, as the systems file names it"`
	Command runbook.Name `about:"the command, as the systems file names it"`
	Values  string       `about:"its values, as a JSON object: {\"queue\": \"mail\"}" optional:"true"`
}

func read(ctx workflow.Context, p ReadParams) error {
	r := Request{string(p.Host), systems.SSHRequest{Command: string(p.Command), Values: p.Values}}
	plan, err := Planned(ctx, r)
	if err != nil {
		return err
	}
	if plan.Planned.Changes {
		return incident.Errorf(incident.Invalid, "%s changes something: use ssh-command", p.Command)
	}
	output := &Output{Request: r, Slow: plan.Planned.Slow}
	if _, err := runbook.Look(ctx, output); err != nil {
		return err
	}
	return bring(ctx, r, output.Got)
}
