package incident

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tocsinhq/tocsin/catalog"
	"github.com/tocsinhq/tocsin/oncall"
)

// Response returns what the present severity and impact demand.
func (i *Incident) Response() catalog.ResponsePolicy {
	return i.Policy.Response(i.Severity, i.Impact.Scope)
}

// Duties returns what must be true before the incident resolves and closes:
// they follow the highest severity that a person confirmed.
func (i *Incident) Duties() catalog.ResponsePolicy {
	return i.Policy.Response(cmp.Or(i.Highest, i.Severity), i.Impact.Scope)
}

// graveDuties reports whether the duties are those of a SEV1 or SEV2.
func (i *Incident) graveDuties() bool {
	level := cmp.Or(i.Highest, i.Severity)
	return level == catalog.SEV1 || level == catalog.SEV2
}

// worse reports whether a is a worse severity than b. No severity is milder
// than any.
func worse(a, b catalog.Level) bool {
	if a == "" || b == "" {
		return a != ""
	}
	return a < b // "SEV1" sorts before "SEV2"
}

// applyPolicy makes the response policy true, once: it pages whom it demands,
// looks for a commander and starts the status updates. It is applied as soon as
// somebody holds the incident.
func (i *Incident) applyPolicy(now time.Time) {
	if i.Holder == "" || !i.Phase.Active() {
		return
	}
	policy := i.Response()
	i.pageDemanded(policy, now)
	i.seekCommander(policy.Commander, now)
	i.scheduleUpdate(policy.Updates, now)
}

// pageDemanded pages the targets of a policy that no earlier one had, each for
// themselves: the answer of one is not that of another. The holder knows.
func (i *Incident) pageDemanded(policy catalog.ResponsePolicy, now time.Time) {
	for _, t := range policy.Page {
		if slices.Contains(i.Demanded, t) {
			continue
		}
		i.Demanded = append(i.Demanded, t)
		if t.Person == "" || t.Person != i.Holder {
			i.call(t, "", fmt.Sprintf("%s demands you: %s", i.Severity, i.Title), now)
		}
	}
}

// seekCommander finds a commander where one is demanded and there is none.
func (i *Incident) seekCommander(c catalog.Commander, now time.Time) {
	sought := func(s *Summons) bool { return s.Persist }
	if !c.Required || i.Roles[Commander] != "" || len(i.offers(Commander, sought)) > 0 {
		return
	}
	target := oncall.Target{Schedule: c.Schedule}
	switch c.Source {
	case catalog.FirstResponder:
		if i.Roles == nil {
			i.Roles = map[Role]string{}
		}
		i.Roles[Commander] = i.Holder
		i.note(now, "role.accepted", "%s is commander: %s makes it the first responder.", i.Holder, i.Severity)
		return
	case catalog.Secondary:
		target = i.secondary()
	case catalog.FromSchedule:
	}
	i.note(now, "commander.sought", "%s demands a commander: asking %s; %s acts meanwhile.", i.Severity, target.String(), i.Holder)
	i.offer(offering{role: Commander, to: target, why: fmt.Sprintf("%s needs a commander: %s", i.Number, i.Title)}, now)
}

// secondary returns the secondary rotation of the schedule that the service
// pages first, or its team when it pages no schedule.
func (i *Incident) secondary() oncall.Target {
	for _, l := range i.Policy.Escalation.Levels {
		for _, t := range l.Targets {
			if name, _, _ := strings.Cut(t.Schedule, "/"); name != "" {
				return oncall.Target{Schedule: name + "/secondary"}
			}
		}
	}
	return oncall.Target{Team: i.Team}
}
