package oncall

import (
	"cmp"
	"time"
)

// Span is a part of the duty of one rotation: [From, Until).
type Span struct {
	// Rotation is the name of the rotation; empty means the first.
	Rotation string    `json:"rotation,omitempty"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
}

// Overlaps reports whether both are of one rotation, and have a time in common.
func (s Span) Overlaps(other Span) bool {
	return s.Rotation == other.Rotation && s.From.Before(other.Until) && other.From.Before(s.Until)
}

// Swap is what one person offers to another: the giver's duty in Give for the
// taker's in Take, both of one schedule.
type Swap struct {
	ID       string `json:"id"`
	Schedule string `json:"schedule"`
	Giver    string `json:"giver"`
	Taker    string `json:"taker"`
	Give     Span   `json:"give"`
	Take     Span   `json:"take"`
	Reason   string `json:"reason,omitempty"`
}

// Begins returns when the earlier of the two duties begins.
func (s Swap) Begins() time.Time {
	if s.Take.From.Before(s.Give.From) {
		return s.Take.From
	}
	return s.Give.From
}

// Overrides returns what the swap amounts to once it is accepted. They are
// without ids.
func (s Swap) Overrides() []Override {
	reason := "swap of " + s.Giver + " and " + s.Taker
	if s.Reason != "" {
		reason += ": " + s.Reason
	}
	instead := func(span Span, comes, goes string) Override {
		return Override{
			Schedule: s.Schedule, Rotation: span.Rotation, Kind: Replace, Person: comes, Of: goes,
			From: span.From, Until: span.Until, Reason: reason, By: s.Giver,
		}
	}
	return []Override{instead(s.Give, s.Taker, s.Giver), instead(s.Take, s.Giver, s.Taker)}
}

// Covers says whether the person is on call in the whole span.
func (c *Calendar) Covers(person string, span Span) bool {
	reached, rotation := span.From, cmp.Or(span.Rotation, c.first)
	for _, shift := range c.Shifts(span.From, span.Until) {
		if shift.Rotation == rotation && shift.Person == person &&
			!shift.From.After(reached) && shift.Until.After(reached) {
			reached = shift.Until
		}
	}
	return span.From.Before(span.Until) && !reached.Before(span.Until)
}

// UTC returns the span with its times in UTC.
func (s Span) UTC() Span {
	s.From, s.Until = s.From.UTC(), s.Until.UTC()
	return s
}
