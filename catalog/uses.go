package catalog

import (
	"slices"

	"github.com/tocsinhq/tocsin/oncall"
)

// Uses says whether an incident that carries this policy refers to something
// of the catalog, named as in a Change: its service, team and escalation
// policy, and whom its levels, response policies and last resort page.
func (p Policy) Uses(noun, id string) bool {
	if id == "" {
		return false
	}
	switch noun {
	case "service":
		return p.Service == id
	case "team":
		return p.Team == id || p.targets(func(t oncall.Target) bool { return t.Team == id })
	case "escalation policy":
		return p.Escalation.ID == id
	case "person":
		return slices.Contains(p.LastResort, id) || slices.Contains(p.Leads, id) ||
			p.targets(func(t oncall.Target) bool { return t.Person == id })
	case "schedule":
		return p.targets(func(t oncall.Target) bool { return scheduleOf(t) == id }) || p.commandedFrom(id)
	case "audience":
		return p.demands(func(r ResponsePolicy) bool { return slices.Contains(r.Updates.Audiences, id) })
	}
	return false
}

func scheduleOf(t oncall.Target) string {
	id, _ := t.Rotation()
	return id
}

func (p Policy) commandedFrom(schedule string) bool {
	return p.demands(func(r ResponsePolicy) bool {
		return scheduleOf(oncall.Target{Schedule: r.Commander.Schedule}) == schedule
	})
}

// targets says whether any target of the policy fits.
func (p Policy) targets(fits func(oncall.Target) bool) bool {
	for _, level := range p.Escalation.Levels {
		if slices.ContainsFunc(level.Targets, fits) {
			return true
		}
	}
	return p.demands(func(r ResponsePolicy) bool { return slices.ContainsFunc(r.Page, fits) })
}

// demands says whether any response policy fits.
func (p Policy) demands(fits func(ResponsePolicy) bool) bool {
	for _, s := range p.Severities {
		if fits(s.Response) || s.External != nil && fits(*s.External) {
			return true
		}
	}
	return false
}
