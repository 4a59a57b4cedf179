package unleash

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/runbook"
)

// Set turns a feature flag on or off.
func Set() runbook.Runbook {
	return runbook.New(set, runbook.Spec{
		Name:     "flag-set",
		About:    "Turns a feature flag of Unleash on or off, and can open an escape hatch, so that it is turned back.",
		Fits:     "What misbehaves is behind a flag, or a flag sheds load: a kill switch, a fallback, a new feature.",
		Target:   "unleash/{system}/{flag}",
		Approval: &runbook.Approval{},
	})
}

// SetParams are the parameters of flag-set.
type SetParams struct {
	System runbook.Name  `about:"the Unleash, as the systems file names it"`
	Flag   runbook.Name  `about:"the flag, of those that the systems file allows"`
	To     string        `about:"how to turn it" oneof:"on off"`
	Hatch  time.Duration `about:"how long it may stay so: opens an escape hatch, with a follow-up to turn it back" optional:"true"`
}

func set(ctx workflow.Context, p SetParams) error {
	flag := &Flag{System: string(p.System), Name: string(p.Flag)}
	is, err := runbook.Look(ctx, flag)
	switch {
	case err != nil:
		return err
	case is == p.To:
		return already(ctx, flag, p)
	case p.To == on && flag.Got.Digest == "":
		return fmt.Errorf("%w: no strategy of %s is in force in %s, so that Unleash would add one of its own: add the one that is wanted there",
			runbook.ErrRefused, flag.Name, flag.Got.Environment)
	}
	return runbook.Do(ctx, flag.Step(p.Hatch))
}

// already ends a run that finds the flag as it is to be. Somebody else may have
// restored what was degraded.
func already(ctx workflow.Context, flag *Flag, p SetParams) error {
	if p.Hatch > 0 {
		return fmt.Errorf("%w: %s is %s already, by somebody else's doing: no escape hatch is opened for that", runbook.ErrRefused, flag.Name, p.To)
	}
	runbook.Note(ctx, "%s is %s already in %s at %s: there is nothing to turn", flag.Name, p.To, flag.Got.Environment, flag.System)
	return runbook.CloseHatch(ctx, flag.hatch(p.To == off))
}
