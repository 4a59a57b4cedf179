package activities

import (
	"context"

	"github.com/tocsinhq/tocsin/incident"
	"github.com/tocsinhq/tocsin/systems"
)

// SSHSystem is a host. The errors of Change are of kind Unavailable when nobody
// knows what the command did; after any other kind nothing was changed.
type SSHSystem interface {
	// Plan says which command would be run, without running it.
	Plan(r systems.SSHRequest) (systems.SSHPlan, error)
	// Read runs a command that only reads.
	Read(ctx context.Context, r systems.SSHRequest) (systems.SSHOutput, error)
	// Change runs one that changes something, provided that it is what covers
	// identifies.
	Change(ctx context.Context, r systems.SSHRequest, covers string) (systems.SSHOutput, error)
}

// SSH are the activities that run commands on hosts, by name.
type SSH struct{ Systems map[string]SSHSystem }

// SSHOrder is one command on a named host.
type SSHOrder struct {
	System  string             `json:"system"`
	Request systems.SSHRequest `json:"request"`
	// Covers identifies the plan that was approved.
	Covers string `json:"covers,omitempty"`
}

// PlanCommand says which command would be run.
func (a *SSH) PlanCommand(_ context.Context, o SSHOrder) (systems.SSHPlan, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.SSHPlan{}, Fail(err)
	}
	plan, err := s.Plan(o.Request)
	return plan, Fail(err)
}

// ReadCommand runs a command that only reads.
func (a *SSH) ReadCommand(ctx context.Context, o SSHOrder) (systems.SSHOutput, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err != nil {
		return systems.SSHOutput{}, Fail(err)
	}
	out, err := s.Read(ctx, o.Request)
	return cleanOutput(out), Fail(cleanError(err))
}

// RunCommand runs a command that changes something, provided that the systems
// file still says what was approved.
func (a *SSH) RunCommand(ctx context.Context, o SSHOrder) (systems.SSHOutput, error) {
	defer beat(ctx)()
	s, err := a.system(o.System)
	if err == nil && o.Covers == "" {
		err = incident.Errorf(incident.Invalid, "a command that changes something names its plan")
	}
	var out systems.SSHOutput
	if err == nil {
		out, err = s.Change(ctx, o.Request, o.Covers)
	}
	return cleanOutput(out), Fail(cleanError(AfterOther(ctx, err)))
}

// maxMessages is how much of a command's messages goes along with its output.
const maxMessages = MaxOutput / 8

// cleanOutput is what a command put out without what looks like a secret. Both
// together fit into what is kept of an output.
func cleanOutput(o systems.SSHOutput) systems.SSHOutput {
	const room = 100 // for what is said about them
	var more int
	o.Err, more = clean(o.Err, o.ErrLeft, maxMessages)
	most := MaxOutput - room - len(o.Err)
	o.Cut = o.Cut || len(o.Out) > most
	o.Out, o.Removed = clean(o.Out, o.OutLeft, most)
	o.Removed += more
	return o
}

func (a *SSH) system(name string) (SSHSystem, error) {
	if a == nil {
		a = &SSH{}
	}
	return systemOf("ssh", a.Systems, name)
}
