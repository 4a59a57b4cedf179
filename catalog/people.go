package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/tocsinhq/tocsin/oncall"
)

// Duty is one person whom a target means, or a webhook, and why, in plain
// words.
type Duty struct {
	// Person is empty for a webhook.
	Person  string `json:"person,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Reason  string `json:"reason"`
}

// reasonNamed is why a target that names one receiver means it.
const reasonNamed = "named in the policy"

// OnCall returns whom a target means at a moment; it is empty when that is
// nobody.
func (c *Catalog) OnCall(target oncall.Target, at time.Time) []Duty {
	switch {
	case target.Person != "":
		return []Duty{{Person: target.Person, Reason: reasonNamed}}
	case target.Webhook != "":
		return []Duty{{Webhook: target.Webhook, Reason: reasonNamed}}
	case target.Team != "":
		return c.members(target.Team)
	case target.Schedule != "":
		return c.scheduled(target, at)
	case target.Rotation != "":
		return c.rotation(target)
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
		out = append(out, Duty{Person: person, Reason: "member of team " + team.Name})
	}
	return out
}

func (c *Catalog) scheduled(target oncall.Target, at time.Time) []Duty {
	schedule, rotation, ok := c.turns(target)
	if !ok {
		return nil
	}
	calendar, ok := c.Calendar(schedule.ID)
	if !ok {
		return nil
	}
	var out []Duty
	for _, shift := range calendar.On(rotation.Name, at) {
		out = append(out, Duty{Person: shift.Person, Reason: dutyReason(shift)})
	}
	return out
}

// rotation returns everyone in a rotation, each once, on call or not.
func (c *Catalog) rotation(target oncall.Target) []Duty {
	schedule, rotation, ok := c.turns(target)
	if !ok {
		return nil
	}
	var out []Duty
	for _, person := range schedule.Participants(rotation.Name) {
		out = append(out, Duty{Person: person, Reason: "in rotation " + schedule.ID + "/" + rotation.Name})
	}
	return out
}

// turns returns the schedule and the rotation that a target means.
func (c *Catalog) turns(target oncall.Target) (oncall.Schedule, oncall.Rotation, bool) {
	id, name := target.ScheduleRotation()
	schedule, _ := c.Schedule(id)
	rotation, ok := schedule.Rotation(name)
	return schedule, rotation, ok
}

// Loads returns how much each person is on call in [from, until), over all
// schedules, or those named. Their nights are by their own clocks.
func (c *Catalog) Loads(from, until time.Time, schedules ...string) []oncall.Load {
	var shifts []oncall.Shift
	for _, s := range c.Schedules {
		if len(schedules) > 0 && !slices.Contains(schedules, s.ID) {
			continue
		}
		if calendar, ok := c.Calendar(s.ID); ok {
			shifts = append(shifts, calendar.Shifts(from, until)...)
		}
	}
	return oncall.Loads(shifts, func(person string) string {
		p, _ := c.Person(person)
		return p.Zone
	})
}

func dutyReason(s oncall.Shift) string {
	reason := fmt.Sprintf("on call in %s/%s until %s", s.Schedule, s.Rotation, s.Until.Format("2006-01-02 15:04 MST"))
	if s.Reason != "rotation "+s.Rotation {
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

// TeamsOf lists the ids of the teams that a person is a member or a lead of.
func (c *Catalog) TeamsOf(person string) []string {
	var out []string
	for _, t := range c.Teams {
		if slices.Contains(t.Members, person) || slices.Contains(t.Leads, person) {
			out = append(out, t.ID)
		}
	}
	return out
}
