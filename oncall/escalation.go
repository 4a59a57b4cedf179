package oncall

import (
	"cmp"
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
