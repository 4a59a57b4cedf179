package oncall

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Target is whom a level pages: exactly one of its fields is set.
type Target struct {
	Person string `yaml:"person" json:"person,omitempty"`
	// Schedule targets whoever is on call in one rotation of a schedule:
	// "payments" (its first rotation) or "payments/secondary".
	Schedule string `yaml:"schedule" json:"schedule,omitempty"`
	// Rotation targets everyone in a rotation, on call or not: "payments" (its
	// first rotation) or "payments/secondary".
	Rotation string `yaml:"rotation" json:"rotation,omitempty"`
	// Team targets every member.
	Team string `yaml:"team" json:"team,omitempty"`
	// Webhook targets a webhook of the catalog, which nobody answers.
	Webhook string `yaml:"webhook" json:"webhook,omitempty"`
}

// ScheduleRotation splits a target that names a schedule or a rotation,
// "payments/secondary", into the schedule's id and the rotation's name, which
// is empty for the first one. Both are empty for any other target.
func (t Target) ScheduleRotation() (schedule, rotation string) {
	schedule, rotation, _ = strings.Cut(cmp.Or(t.Schedule, t.Rotation), "/")
	return schedule, rotation
}

// String names the target as people would: "alice", "team payments",
// "schedule payments/primary".
func (t Target) String() string {
	switch {
	case t.Person != "":
		return t.Person
	case t.Team != "":
		return "team " + t.Team
	case t.Rotation != "":
		return "rotation " + t.Rotation
	case t.Webhook != "":
		return "webhook " + t.Webhook
	default:
		return "schedule " + t.Schedule
	}
}

// EscalationPolicy is the ordered list of levels paged until someone
// acknowledges.
type EscalationPolicy struct {
	ID     string  `yaml:"id" json:"id"`
	Name   string  `yaml:"name" json:"name,omitempty"`
	Levels []Level `yaml:"levels" json:"levels"`
	// Repeat is how many more times the levels are walked before the policy
	// is exhausted and the last resort is paged.
	Repeat int `yaml:"repeat" json:"repeat,omitempty"`
}

// Level is one step of an escalation policy: targets to page, or the levels
// of another policy.
type Level struct {
	Targets []Target `yaml:"targets" json:"targets,omitempty"`
	// Timeout is how long an acknowledgement is waited for, counted from the
	// hand-over of the level's first page.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
	// RoundRobin pages one of the people whom the targets mean, the next one
	// at the next incident.
	RoundRobin bool `yaml:"round_robin" json:"round_robin,omitempty"`
	// Everyone asks everyone who is paged to acknowledge. The first
	// acknowledgement stops the escalation, the rest stay paged.
	Everyone bool `yaml:"everyone" json:"everyone,omitempty"`
	// During and Outside name hours: the level is walked only while they
	// hold, or do not.
	During  string `yaml:"during" json:"during,omitempty"`
	Outside string `yaml:"outside" json:"outside,omitempty"`
	// Policy puts the levels of another policy here, without its repeats.
	Policy string `yaml:"policy" json:"policy,omitempty"`
}

// MinTimeout is the shortest acknowledgement timeout of a level.
const MinTimeout = time.Second

// Validate returns everything that is wrong with the policy in itself.
// Whether its targets exist is for the catalog to say.
func (p EscalationPolicy) Validate() []Problem {
	var out problems
	if len(p.Levels) == 0 {
		out.add("levels", "must hold at least one level")
	}
	if p.Repeat < 0 {
		out.add("repeat", "must not be negative")
	}
	for i, level := range p.Levels {
		out.under(fmt.Sprintf("levels[%d].", i), level.validate())
	}
	return out
}

func (l Level) validate() []Problem {
	var out problems
	if l.Policy != "" {
		if len(l.Targets) > 0 || l.Timeout != 0 || l.RoundRobin || l.Everyone {
			out.add("policy", "stands for the levels of another policy, with their own targets and timeouts: leave out what stands beside it, but for during and outside")
		}
		return out
	}
	if len(l.Targets) == 0 {
		out.add("targets", "must name somebody to page")
	}
	if l.Timeout < MinTimeout {
		out.add("timeout", "must be at least %s", MinTimeout)
	}
	for j, target := range l.Targets {
		out.wrong(fmt.Sprintf("targets[%d]", j), target.Validate())
	}
	if l.RoundRobin && l.Everyone {
		out.add("everyone", "round_robin pages one person, so that nobody else can acknowledge: choose one of the two")
	}
	return out
}

// Validate says whether exactly one field is set.
func (t Target) Validate() error {
	set := 0
	for _, field := range []string{t.Person, t.Schedule, t.Rotation, t.Team, t.Webhook} {
		if field != "" {
			set++
		}
	}
	if set != 1 {
		return errors.New("must have exactly one of person, schedule, rotation, team and webhook")
	}
	return nil
}
