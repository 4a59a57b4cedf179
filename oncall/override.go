package oncall

import (
	"fmt"
	"time"
)

// OverrideKind says what an override does.
type OverrideKind string

// The kinds of an override. An empty kind is Replace.
const (
	// Add puts one more person on call.
	Add OverrideKind = "add"
	// Remove takes a person off call; nobody comes instead.
	Remove OverrideKind = "remove"
	// Replace puts a person on call instead of another, or instead of whoever
	// has the duty.
	Replace OverrideKind = "replace"
)

// Override changes who is on call in one rotation, in [From, Until).
// Overrides are applied in their order, each to what the ones before it left.
type Override struct {
	ID       string `yaml:"-" json:"id,omitempty"`
	Schedule string `yaml:"-" json:"schedule,omitempty"`
	// Rotation is the name of the overridden rotation; empty means the first.
	Rotation string       `yaml:"-" json:"rotation,omitempty"`
	Kind     OverrideKind `yaml:"-" json:"kind,omitempty"`
	// Person comes: an override that removes has none.
	Person string `yaml:"-" json:"person,omitempty"`
	// Of goes. A replacement without it replaces everybody, also nobody; with
	// it, it holds only while that person is on call.
	Of     string    `yaml:"-" json:"of,omitempty"`
	From   time.Time `yaml:"-" json:"from"`
	Until  time.Time `yaml:"-" json:"until"`
	Reason string    `yaml:"-" json:"reason,omitempty"`
	// By is the person who made it.
	By string `yaml:"-" json:"by,omitempty"`
}

// Temporary is a temporary schedule: within [From, Until) its shifts are who
// is on call in one rotation, and the rotation's own turns are not. What of a
// shift lies outside does not count. Where two overlap, the later in the list
// holds. Overrides lie on top of both.
type Temporary struct {
	ID       string `yaml:"-" json:"id,omitempty"`
	Schedule string `yaml:"-" json:"schedule,omitempty"`
	// Rotation is the name of the rotation; empty means the first.
	Rotation string       `yaml:"-" json:"rotation,omitempty"`
	From     time.Time    `yaml:"-" json:"from"`
	Until    time.Time    `yaml:"-" json:"until"`
	Shifts   []FixedShift `yaml:"-" json:"shifts,omitempty"`
	Reason   string       `yaml:"-" json:"reason,omitempty"`
	// By is the person who made it.
	By string `yaml:"-" json:"by,omitempty"`
}

// FixedShift is one person's duty within a temporary schedule: [From, Until).
type FixedShift struct {
	Person string    `yaml:"-" json:"person"`
	From   time.Time `yaml:"-" json:"from"`
	Until  time.Time `yaml:"-" json:"until"`
}

// CheckOverride returns what is wrong with an override of this schedule.
func (s Schedule) CheckOverride(o Override) []Problem {
	var out problems
	out.wrong("rotation", s.checkOwn(o.Rotation))
	switch o.Kind {
	case Add, Replace, "":
		if o.Person == "" {
			out.add("person", "must name who comes")
		}
	case Remove:
		if o.Person != "" {
			out.add("person", "nobody comes when somebody is removed: leave it out, or replace instead")
		}
	default:
		out.add("kind", `%q is not a kind of override: use "add", "remove" or "replace"`, string(o.Kind))
	}
	switch {
	case o.Kind == Remove && o.Of == "":
		out.add("of", "must name who goes")
	case o.Kind == Add && o.Of != "":
		out.add("of", "nobody goes when somebody is added: leave it out, or replace instead")
	case o.Of != "" && o.Of == o.Person:
		out.add("of", "%s cannot come instead of %s", o.Person, o.Of)
	}
	out.under("", checkSpan(o.From, o.Until))
	return out
}

// CheckTemporary returns what is wrong with a temporary schedule of this
// schedule.
func (s Schedule) CheckTemporary(t Temporary) []Problem {
	var out problems
	out.wrong("rotation", s.checkOwn(t.Rotation))
	out.under("", checkSpan(t.From, t.Until))
	for i, f := range t.Shifts {
		path := fmt.Sprintf("shifts[%d].", i)
		if f.Person == "" {
			out.add(path+"person", "must name a person")
		}
		out.under(path, checkSpan(f.From, f.Until))
	}
	return out
}

// checkOwn refuses a rotation that the schedule does not have.
func (s Schedule) checkOwn(rotation string) error {
	if _, ok := s.Rotation(rotation); !ok && rotation != "" {
		return fmt.Errorf("there is no rotation %q in this schedule", rotation)
	}
	return nil
}

func checkSpan(from, until time.Time) []Problem {
	var out problems
	if from.IsZero() {
		out.add("from", "must be set")
	}
	switch {
	case until.IsZero():
		out.add("until", "must be set")
	case !from.Before(until):
		out.add("until", "must be later than from")
	}
	return out
}
