package runbook

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tocsinhq/tocsin/incident"
)

// Call is one call that changes the world.
type Call interface {
	// String is the exact call, as a dry run and an approval show it. What two
	// calls do is the same when their strings are.
	String() string
	// Make makes the call and returns once it has taken effect. The context
	// says how often an activity that it executes is tried and for how long; it
	// outlives a cancelled run, since what has begun is seen to its end. An
	// error of kind Invalid, NotFound, Forbidden, Refused, Conflict or Permanent
	// says that nothing was changed; after any other error nobody knows whether
	// the call took effect.
	Make(ctx workflow.Context, key string) error
}

// Reading looks at the world and changes nothing.
type Reading interface {
	// String says what is looked at: "the revision of payments".
	String() string
	// Read looks, with activities that may be tried again.
	Read(ctx workflow.Context) (string, error)
}

// Paced is a Reading that says how long it may take. Others are Quick.
type Paced interface{ Pace() Pace }

// Expectation is what a reading should be.
type Expectation struct {
	Of Reading
	Is string
}

// Expect says what a reading should be.
func Expect(of Reading, is string) Expectation { return Expectation{of, is} }

// String is the expectation: "the revision of payments is r42".
func (e Expectation) String() string { return fmt.Sprintf("%s is %s", e.Of, quoted(e.Is)) }

// Repeat says how a call may be made again while nobody knows whether it took
// effect: its worker died, or its answer was lost.
type Repeat int

// The ways to repeat a call. Every change declares one.
const (
	_ Repeat = iota
	// ByKey: whoever is called does the same key once, so the call is repeated
	// with it until its outcome is known.
	ByKey
	// CheckThenAct: the change's Done says whether it took effect. It is looked
	// at before each try, and the call is made only while it does not hold.
	CheckThenAct
	// OnceThenAsk: the call is made once; a person says what became of it.
	OnceThenAsk
)

// String is how the repeat is shown to people.
func (r Repeat) String() string {
	switch r {
	case ByKey:
		return "repeated by its key"
	case CheckThenAct:
		return "repeated after a look"
	case OnceThenAsk:
		return "made once"
	default:
		return "undeclared"
	}
}

// Pace says how long a call may take, by its meaning.
type Pace int

// The paces.
const (
	// Quick calls answer within seconds.
	Quick Pace = iota
	// Slow calls may work for minutes: their activity must send heartbeats, at
	// least one every ten seconds.
	Slow
)

// Change is a call, and how it is made safely.
type Change struct {
	Call Call
	// Repeat says how it may be made again; it has no default.
	Repeat Repeat
	// Done holds when it has taken effect; CheckThenAct needs it.
	Done Expectation
	// Expects must hold right before the first try: the world may have moved
	// since somebody looked.
	Expects []Expectation
	Pace    Pace
}

// problem says what its author left out, or nothing.
func (c Change) problem() string {
	switch {
	case c.Call == nil:
		return "it calls nothing"
	case c.Repeat < ByKey || c.Repeat > OnceThenAsk:
		return "it does not say how a repeat is safe (Repeat)"
	case c.Repeat == CheckThenAct && c.Done.Of == nil:
		return "it is checked before it acts, and does not say what to look at (Done)"
	}
	return ""
}

// lines are the call as people are shown it, and what it expects.
func (c Change) lines() []string {
	lines := []string{c.Call.String()}
	for _, e := range c.Expects {
		lines = append(lines, "provided that "+e.String())
	}
	return lines
}

// parts are all that a change is: what it calls and expects, how it is repeated
// and when it is done.
func (c Change) parts() []string {
	parts := append(c.lines(), c.Repeat.String())
	if c.Done.Of != nil {
		parts = append(parts, c.Done.String())
	}
	return parts
}

// unmet returns a Conflict error when the world is not as the change expects,
// and an error of any kind when that cannot be seen. Nothing was changed.
func (r *run) unmet(ctx workflow.Context, c Change) error {
	for _, e := range c.Expects {
		found, err := r.read(ctx, e.Of)
		switch {
		case err != nil:
			return incident.Errorf(incident.Permanent, "%s cannot be read: %w", e.Of, err)
		case found != e.Is:
			return incident.Errorf(incident.Conflict, "the world has moved: %s is %s, not %s", e.Of, quoted(found), quoted(e.Is))
		}
	}
	return nil
}

// read looks at the world: a few tries within half a minute, unless the reading
// is slow.
func (r *run) read(ctx workflow.Context, what Reading) (found string, err error) {
	pace := Quick
	if paced, ok := what.(Paced); ok {
		pace = paced.Pace()
	}
	err = contained(func() (err error) {
		found, err = what.Read(reading(ctx, pace, "look at "+what.String()))
		return err
	})
	return found, err
}

// Look reads something and returns what it is. It is read on a dry run too.
func Look(ctx workflow.Context, what Reading) (string, error) {
	r := of(ctx)
	if err := r.stopped(ctx); err != nil {
		return "", err
	}
	found, err := r.read(ctx, what)
	if err != nil {
		return "", r.unless(ctx, fmt.Errorf("%s cannot be read: %w", what, err))
	}
	return found, r.over(ctx)
}
