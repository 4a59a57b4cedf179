// Package unleash holds the runbooks that read and turn feature flags of an
// Unleash, and the call and the readings that they are made of.
package unleash

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/activities"
	"github.com/tocsinhq/tocsin/runbook"
	"github.com/tocsinhq/tocsin/systems"
)

// Flag is a feature flag of a named system, and the reading of whether it is on.
type Flag struct {
	System string
	Name   string
	// Got is how it stood when it was last read.
	Got systems.FlagState
}

// The states of a flag.
const (
	on  = "on"
	off = "off"
)

func side(is bool) string {
	if is {
		return on
	}
	return off
}

// String says what is looked at.
func (f *Flag) String() string { return "the flag " + f.Name }

// Read returns on or off.
func (f *Flag) Read(ctx workflow.Context) (string, error) {
	var a *activities.Unleash
	order := activities.FlagOrder{System: f.System, Order: systems.FlagOrder{Flag: f.Name}}
	f.Got = systems.FlagState{}
	err := workflow.ExecuteActivity(ctx, a.ReadFlag, order).Get(ctx, &f.Got)
	return side(f.Got.On), activities.Known(err)
}

// again is the flag as a reading of its own, which leaves alone what was read
// before, and is shown beside the flag's name.
func (f *Flag) again() again { return again{&Flag{System: f.System, Name: f.Name}} }

type again struct{ *Flag }

func (again) String() string { return "it" }

// strategies is the reading of who gets a flag while it is on.
type strategies struct{ *Flag }

func (strategies) String() string { return "its strategy" }

func (s strategies) Read(ctx workflow.Context) (string, error) {
	_, err := s.Flag.Read(ctx)
	return s.rules(), err
}

// rules say in few words who gets the flag while it is on.
func (f *Flag) rules() string {
	const most = 60
	if len(f.Got.Rules) == 0 {
		return "none"
	}
	first := f.Got.Rules[0]
	if len(first) > most {
		first = strings.ToValidUTF8(first[:most], "") + "…"
	}
	if more := len(f.Got.Rules) - 1; more > 0 {
		first += fmt.Sprintf("; %d more", more)
	}
	return fmt.Sprintf("%s (%s)", first, f.Got.Digest)
}

// Turn is the call that turns a flag on or off.
type Turn struct {
	System string
	systems.FlagOrder
	// Environment is where, as people know it.
	Environment string
}

// String is the exact call.
func (t *Turn) String() string {
	return fmt.Sprintf("turn %s %s in %s at %s (plan %s)", t.Flag, side(t.On), t.Environment, t.System, t.Covers)
}

// Make turns it.
func (t *Turn) Make(ctx workflow.Context, _ string) error {
	var a *activities.Unleash
	err := workflow.ExecuteActivity(ctx, a.TurnFlag, activities.FlagOrder{System: t.System, Order: t.FlagOrder}).Get(ctx, nil)
	return activities.Known(err)
}

// turned is the change that turns the flag: it may be made again, while the flag
// does not read as turned.
func (f *Flag) turned(to bool) runbook.Change {
	return runbook.Change{
		Call: &Turn{
			System: f.System, Environment: f.Got.Environment,
			FlagOrder: systems.FlagOrder{Flag: f.Name, On: to, Covers: f.Got.Covers},
		},
		Repeat: runbook.CheckThenAct, Done: runbook.Expect(f.again(), side(to)),
	}
}

// hatch names what is degraded while the flag stands on one side: whoever turns
// it to the other restores that.
func (f *Flag) hatch(is bool) string {
	return fmt.Sprintf("unleash/%s/%s/%s", f.System, f.Name, side(is))
}

// Step is the turning of a flag, as it was read, as a step, which its undo takes
// back. It closes the escape hatch that turning it the other way opened; with a
// time it opens one itself, which is to be restored by then. What a flag is turned
// on for must be what was read.
func (f *Flag) Step(within time.Duration) runbook.Step {
	to := !f.Got.On
	s := runbook.Step{Name: "turn " + f.Name + " " + side(to), Change: f.turned(to), Restores: f.hatch(!to)}
	s.Expects = []runbook.Expectation{runbook.Expect(f.again(), side(f.Got.On))}
	if to {
		s.Expects = append(s.Expects, runbook.Expect(strategies{f.again().Flag}, f.rules()))
	}
	// Where no strategy is in force Unleash would add one of its own.
	if to || f.Got.Digest != "" {
		s.Undo = new(f.turned(!to))
	}
	if within > 0 {
		s.Degrades = &runbook.Hatch{
			ID: f.hatch(to), For: within,
			What: fmt.Sprintf("%s is %s in %s at %s", f.Name, side(to), f.Got.Environment, f.System),
		}
	}
	return s
}
