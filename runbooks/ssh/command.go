package ssh

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Command runs one command that changes something.
func Command() runbook.Runbook {
	return runbook.New(command, runbook.Spec{
		Name:     "ssh-command",
		About:    "Runs one command on a host, of those that the systems file has.",
		Fits:     "A host has no other interface, and the command that helps is known beforehand: restart, rotate, switch.",
		Target:   "ssh/{host}",
		Approval: &runbook.Approval{},
	})
}

// CommandParams are the parameters of ssh-command.
type CommandParams struct {
	Host    runbook.Name  `about:"the host, as the systems file names it"`
	Command runbook.Name  `about:"the command, as the systems file names it"`
	Values  string        `about:"its values, as a JSON object: {\"queue\": \"mail\"}" optional:"true"`
	Within  time.Duration `about:"how long it may take until it can be seen that it took effect, where the systems file says how" default:"1m"`
}

func command(ctx workflow.Context, p CommandParams) error {
	plan, err := Planned(ctx, Request{string(p.Host), systems.SSHRequest{Command: string(p.Command), Values: p.Values}})
	if err != nil {
		return err
	}
	if !plan.Planned.Changes {
		return incident.Errorf(incident.Invalid, "%s changes nothing: use ssh-read", p.Command)
	}
	step, err := plan.Step(ctx)
	if err != nil {
		return err
	}
	if err := runbook.Do(ctx, step); err != nil {
		return err
	}
	if plan.Ran {
		if err := bring(ctx, plan.Request, plan.Said); err != nil {
			return err
		}
	}
	if step.Done.Of == nil {
		return nil
	}
	return runbook.Await(ctx, step.Done, p.Within)
}
