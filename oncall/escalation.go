package oncall

import "time"

// Target is whom a level pages: exactly one of its fields is set.
type Target struct {
	Person string `yaml:"person" json:"person,omitempty"`
	// Schedule targets whoever is on call in one rotation of a schedule:
	// "payments" (its first rotation) or "payments/secondary".
	Schedule string `yaml:"schedule" json:"schedule,omitempty"`
	// Team targets every member.
	Team string `yaml:"team" json:"team,omitempty"`
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

// Level is one step of an escalation policy.
type Level struct {
	Targets []Target `yaml:"targets" json:"targets"`
	// Timeout is how long an acknowledgement is waited for, counted from the
	// hand-over of the level's first page.
	Timeout time.Duration `yaml:"timeout" json:"timeout"`
}
