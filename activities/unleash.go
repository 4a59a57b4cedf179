package activities

import (
	"context"

	"github.com/tocsinhq/tocsin/systems"
)

// UnleashSystem is one environment of a project of an Unleash. The errors of
// Turn are of kind Unavailable when nobody knows whether the flag was turned;
// after any other kind it was not.
type UnleashSystem interface {
	// State says how a flag stands.
	State(ctx context.Context, flag string) (systems.FlagState, error)
	// Turn turns a flag, and returns once it reads as turned.
	Turn(ctx context.Context, o systems.FlagOrder) error
}

// Unleash are the activities that read and turn feature flags, by the name of
// the system.
type Unleash struct{ Systems map[string]UnleashSystem }

// FlagOrder names a flag of a named system.
type FlagOrder struct {
	System string            `json:"system"`
	Order  systems.FlagOrder `json:"order"`
}

// ReadFlag says how a flag stands.
func (a *Unleash) ReadFlag(ctx context.Context, o FlagOrder) (systems.FlagState, error) {
	s, err := a.system(o.System)
	if err != nil {
		return systems.FlagState{}, Fail(err)
	}
	state, err := s.State(ctx, o.Order.Flag)
	return state, Fail(cleanError(err))
}

// TurnFlag turns a flag on or off.
func (a *Unleash) TurnFlag(ctx context.Context, o FlagOrder) error {
	s, err := a.system(o.System)
	if err != nil {
		return Fail(err)
	}
	return Fail(cleanError(AfterOther(ctx, s.Turn(ctx, o.Order))))
}

func (a *Unleash) system(name string) (UnleashSystem, error) {
	if a == nil {
		a = &Unleash{}
	}
	return systemOf("unleash", a.Systems, name)
}
