package oncall

import (
	"cmp"
	"slices"
	"time"
)

// rotation is a Rotation whose texts are read, with what lies on top of it.
type rotation struct {
	schedule string
	name     string
	// follows is the rotation whose turns these are.
	follows string
	loc     *time.Location
	// layers lie on top of each other, the last one on top, each with the
	// reason that its turns give.
	layers    []layer
	reasons   []string
	temporary []temporary
	overrides []override
}

// newRotation reads a valid rotation of a schedule.
func newRotation(s Schedule, spec Rotation, loc *time.Location) rotation {
	out := rotation{schedule: s.ID, name: spec.Name, loc: loc}
	root, later := s.root(spec)
	if later > 0 {
		out.follows = root.Name
	}
	for _, l := range root.Stack() {
		out.layers = append(out.layers, newLayer(l, s.Zone).following(later))
		out.reasons = append(out.reasons, out.turnReason(l))
	}
	first := spec.Name == s.Rotations[0].Name
	mine := func(rotation string) bool { return rotation == spec.Name || rotation == "" && first }
	for _, t := range s.Temporary {
		if mine(t.Rotation) && len(s.CheckTemporary(t)) == 0 {
			out.temporary = append(out.temporary, newTemporary(t, &out))
		}
	}
	for _, o := range s.Overrides {
		if mine(o.Rotation) && len(s.CheckOverride(o)) == 0 {
			out.overrides = append(out.overrides, newOverride(o, &out))
		}
	}
	return out
}

// root returns the rotation whose turns a rotation goes by, and how many
// people later it has them.
func (s Schedule) root(r Rotation) (Rotation, int) {
	for later := range s.Rotations {
		if r.Follows == "" {
			return r, later
		}
		r, _ = s.Rotation(r.Follows)
	}
	return Rotation{}, 0
}

func (r *rotation) turnReason(l Layer) string {
	reason := "rotation " + cmp.Or(r.follows, r.name)
	if l.Name != "" {
		reason = "layer " + l.Name + " of " + reason
	}
	if r.follows != "" {
		reason = "next in " + reason
	}
	return reason
}

// at returns who is on call at t, each with the span in which that is for the
// same reason, and around t the span in which nothing changes for anybody.
func (r *rotation) at(t time.Time) ([]Shift, span) {
	list, steady := r.base(t)
	for i := range r.overrides {
		list = r.overrides[i].apply(list, t)
		steady = steady.around(r.overrides[i].span, t)
	}
	return list, steady
}

// base returns who is on call without overrides.
func (r *rotation) base(t time.Time) ([]Shift, span) {
	var above span
	for i := range slices.Backward(r.temporary) {
		if r.temporary[i].holds(t) {
			return r.temporary[i].at(t, above)
		}
		above = above.beside(r.temporary[i].span, t)
	}
	shift, steady := r.turn(t)
	steady = steady.and(above)
	if shift.Person == "" {
		return nil, steady
	}
	return []Shift{shift.within(steady)}, steady
}

// turn returns who has the turn: that of the uppermost layer with anybody.
func (r *rotation) turn(t time.Time) (Shift, span) {
	var steady span
	for i := range slices.Backward(r.layers) {
		person, s := r.layers[i].at(t)
		steady = steady.and(s)
		if person != "" {
			return Shift{
				Person: person, Schedule: r.schedule, Rotation: r.name, Layer: r.layers[i].name, Reason: r.reasons[i],
			}, steady
		}
	}
	return Shift{}, steady
}

// between returns the merged shifts of a bounded span.
func (r *rotation) between(whole span) []Shift {
	var out []Shift
	// live are the places in out of those who are on call right before t.
	var live []int
	for t := whole.from; whole.holds(t); {
		list, steady := r.at(t)
		until := steady.and(whole).until
		next := make([]int, 0, len(list))
		for _, s := range list {
			s.From, s.Until = t.In(r.loc), until.In(r.loc)
			at := slices.IndexFunc(live, func(i int) bool { return out[i].continues(s) })
			if at < 0 {
				out = append(out, s)
				next = append(next, len(out)-1)
				continue
			}
			out[live[at]].Until = s.Until
			next = append(next, live[at])
		}
		live, t = next, until
	}
	return out
}
