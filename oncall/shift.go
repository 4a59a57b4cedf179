package oncall

import "time"

// Shift is one person's duty in one rotation: [From, Until).
type Shift struct {
	Person   string `json:"person"`
	Schedule string `json:"schedule"`
	Rotation string `json:"rotation"`
	// Layer is the name of the layer whose turn it is; empty when the rotation
	// is a single layer, and when it is nobody's turn.
	Layer string    `json:"layer,omitempty"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
	// Reason says why, in words: the rotation and its layer, or the override
	// or temporary schedule, by whom it was made, and its own reason.
	Reason string `json:"reason"`
	// Override is set when an override put this person on call, Temporary when
	// a temporary schedule did.
	Override  bool `json:"override,omitempty"`
	Temporary bool `json:"temporary,omitempty"`
	// Source is the id of that override or temporary schedule, By the person
	// who made it.
	Source string `json:"source,omitempty"`
	By     string `json:"by,omitempty"`
}

// within cuts the shift to a span. Its bounds may be open until it is told.
func (s Shift) within(bounds span) Shift {
	cut := span{s.From, s.Until}.and(bounds)
	s.From, s.Until = cut.from, cut.until
	return s
}

// continues reports whether next is the same duty, for the same reason, where
// this shift ends.
func (s Shift) continues(next Shift) bool {
	end := s.Until
	s.From, s.Until = next.From, next.Until
	return end.Equal(next.From) && s == next
}
