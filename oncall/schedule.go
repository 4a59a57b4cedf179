// Package oncall says who is on call at a moment: schedules with their
// rotations and overrides, and the escalation policies that name whom to page
// in which order. It is pure: every answer is a function of its arguments.
package oncall

import "time"

// Cadence says how often a rotation hands over.
type Cadence string

// The cadences of a rotation.
const (
	Daily  Cadence = "daily"
	Weekly Cadence = "weekly"
)

// Schedule says who is on call, in one time zone. The first rotation is the
// primary one, the second the secondary, and so on.
type Schedule struct {
	ID   string `yaml:"id" json:"id"`
	Name string `yaml:"name" json:"name,omitempty"`
	// Zone is an IANA name such as "Europe/Berlin".
	Zone      string     `yaml:"zone" json:"zone"`
	Rotations []Rotation `yaml:"rotations" json:"rotations"`
	Overrides []Override `yaml:"overrides" json:"overrides,omitempty"`
}

// Rotation passes the duty round its participants, in their order.
type Rotation struct {
	// Name is how people call it: primary, secondary.
	Name  string  `yaml:"name" json:"name"`
	Every Cadence `yaml:"every" json:"every"`
	// HandOff is the local time of day of the hand-over, "HH:MM". A hand-over
	// in a skipped hour happens right after the gap, in a repeated hour at
	// its first occurrence.
	HandOff string `yaml:"hand_off" json:"hand_off"`
	// Weekday is the day of a weekly hand-over, such as "monday".
	Weekday string `yaml:"weekday" json:"weekday,omitempty"`
	// Start is the local date ("2006-01-02") on which the first participant
	// takes over; before it nobody is on call. The first turn of a weekly
	// rotation is short when Start is not the weekday of the hand-over.
	Start        string   `yaml:"start" json:"start"`
	Participants []string `yaml:"participants" json:"participants"`
}

// Override puts one person on call instead of whoever the rotation names, in
// [From, Until). Of overrides that overlap, the one listed last holds.
type Override struct {
	// Rotation is the name of the overridden rotation; empty means the first.
	Rotation string    `yaml:"rotation" json:"rotation,omitempty"`
	Person   string    `yaml:"person" json:"person"`
	From     time.Time `yaml:"from" json:"from"`
	Until    time.Time `yaml:"until" json:"until"`
	Reason   string    `yaml:"reason" json:"reason,omitempty"`
}

// Shift is one person's duty in one rotation: [From, Until).
type Shift struct {
	Person   string    `json:"person"`
	Schedule string    `json:"schedule"`
	Rotation string    `json:"rotation"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	// Reason says why: the rotation, or the override and its own reason.
	Reason string `json:"reason"`
	// Override is set when an override put this person on call.
	Override bool `json:"override,omitempty"`
}
