package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Duty is one person whom a target means, and why, in plain words.
type Duty struct {
	Person string `json:"person"`
	Reason string `json:"reason"`
}

// OnCall returns whom a target means at a moment; it is empty when that is
// nobody.
func (c *Catalog) OnCall(target oncall.Target, at time.Time) []Duty {
	switch {
	case target.Person != "":
		return []Duty{{target.Person, "named in the policy"}}
	case target.Team != "":
		return c.members(target.Team)
	case target.Schedule != "":
		return c.scheduled(target, at)
	}
	return nil
}

func (c *Catalog) members(id string) []Duty {
	team, ok := c.Team(id)
	if !ok {
		return nil
	}
	out := make([]Duty, 0, len(team.Members))
	for _, person := range team.Members {
		out = append(out, Duty{person, "member of team " + team.Name})
	}
	return out
}

func (c *Catalog) scheduled(target oncall.Target, at time.Time) []Duty {
	id, rotation := target.Rotation()
	x := c.look()
	schedule, ok := find(x.schedules, id)
	if !ok || len(schedule.Rotations) == 0 {
		return nil
	}
	if rotation == "" {
		rotation = schedule.Rotations[0].Name
	}
	for _, shift := range x.calendars[id].At(at) {
		if shift.Rotation == rotation {
			return []Duty{{shift.Person, dutyReason(shift)}}
		}
	}
	return nil
}

func dutyReason(s oncall.Shift) string {
	reason := fmt.Sprintf("on call in %s/%s until %s", s.Schedule, s.Rotation, s.Until.Format("2006-01-02 15:04 MST"))
	if s.Override {
		reason += " (" + s.Reason + ")"
	}
	return reason
}

// ContactMethod returns one contact method of a person.
func (c *Catalog) ContactMethod(person, id string) (ContactMethod, bool) {
	p, _ := c.Person(person)
	i := slices.IndexFunc(p.Contacts, func(m ContactMethod) bool { return m.ID == id })
	if i < 0 {
		return ContactMethod{}, false
	}
	return p.Contacts[i], true
}

// Standings returns the authority that the catalog grants a person over
// incidents of a service; roles on an incident come on top.
func (c *Catalog) Standings(person, service string) []Standing {
	var out []Standing
	if p, _ := c.Person(person); p.Admin {
		out = append(out, Administrator)
	}
	s, _ := c.Service(service)
	team, _ := c.Team(s.Team)
	if slices.Contains(team.Leads, person) {
		out = append(out, TeamLead)
	}
	if slices.Contains(team.Members, person) {
		out = append(out, StandingMember)
	}
	return out
}
