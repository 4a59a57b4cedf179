package oncall

import (
	"slices"
	"time"
)

// override is a valid Override with the shift of whoever comes.
type override struct {
	span
	kind  OverrideKind
	of    string
	shift Shift
}

func newOverride(o Override, r *rotation) override {
	out := override{span: span{o.From, o.Until}, kind: o.Kind, of: o.Of}
	out.shift = Shift{
		Person: o.Person, Schedule: r.schedule, Rotation: r.name, From: o.From, Until: o.Until,
		Reason: made("override", o.By, o.Reason), Override: true, Source: o.ID, By: o.By,
	}
	return out
}

// made words what a person made, and why.
func made(what, by, why string) string {
	if by != "" {
		what += " by " + by
	}
	if why != "" {
		what += ": " + why
	}
	return what
}

// apply changes who is on call at t, each with the span in which that is for
// the same reason.
func (o *override) apply(list []Shift, t time.Time) []Shift {
	switch {
	case o.kind == Add:
		if o.holds(t) && !onCall(list, o.shift.Person) {
			return append(list, o.shift)
		}
		return list
	case o.of != "":
		return o.move(list, t)
	case o.holds(t):
		return []Shift{o.shift}
	}
	for i := range list {
		list[i] = list[i].within(span{}.beside(o.span, t))
	}
	return list
}

// move takes a person off call, and puts the one who comes in the same place.
func (o *override) move(list []Shift, t time.Time) []Shift {
	i := slices.IndexFunc(list, func(s Shift) bool { return s.Person == o.of })
	switch {
	case i < 0:
		return list
	case !o.holds(t):
		list[i] = list[i].within(span{}.beside(o.span, t))
		return list
	case o.kind == Remove || onCall(list, o.shift.Person):
		return slices.Delete(list, i, i+1)
	}
	came := o.shift.within(span{list[i].From, list[i].Until})
	came.Layer = list[i].Layer
	list[i] = came
	return list
}

func onCall(list []Shift, person string) bool {
	return slices.ContainsFunc(list, func(s Shift) bool { return s.Person == person })
}

// temporary is a valid Temporary as the shifts that it gives.
type temporary struct {
	span
	shifts []Shift
}

func newTemporary(t Temporary, r *rotation) temporary {
	out := temporary{span: span{t.From, t.Until}}
	for _, f := range t.Shifts {
		s := Shift{
			Person: f.Person, Schedule: r.schedule, Rotation: r.name, From: f.From, Until: f.Until,
			Reason: made("temporary schedule", t.By, t.Reason), Temporary: true, Source: t.ID, By: t.By,
		}
		out.shifts = append(out.shifts, s.within(out.span))
	}
	return out
}

// at returns who is on call at t, which the temporary schedule holds, as
// rotation.base does. Above is what lies on top leaves of it.
func (p *temporary) at(t time.Time, above span) ([]Shift, span) {
	steady := p.and(above)
	var out []Shift
	for _, s := range p.shifts {
		mine := span{s.From, s.Until}
		steady = steady.around(mine, t)
		if mine.holds(t) && !onCall(out, s.Person) {
			out = append(out, s.within(above))
		}
	}
	return out, steady
}
